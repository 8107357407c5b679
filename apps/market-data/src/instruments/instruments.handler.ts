import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  getInstrument,
  listInstruments,
  removeInstrument,
  type Answer,
  type GetInstrumentRequest,
  type ListInstrumentsRequest,
  type RemovedInstrument,
} from '@mystocks/contracts';
import { InstrumentsService } from './instruments.service.js';
import { InstrumentRemovalService } from './removal/instrument-removal.service.js';

@Controller()
export class InstrumentsHandler {
  constructor(
    private readonly instruments: InstrumentsService,
    private readonly removal: InstrumentRemovalService,
  ) {}

  @Handles(listInstruments)
  list(request: ListInstrumentsRequest): Promise<Answer> {
    return this.instruments.list(request);
  }

  @Handles(getInstrument)
  get(request: GetInstrumentRequest): Promise<Answer> {
    return this.instruments.get(request.symbol);
  }

  @Handles(removeInstrument)
  remove(request: GetInstrumentRequest): Promise<RemovedInstrument> {
    return this.removal.remove(request.symbol);
  }
}
