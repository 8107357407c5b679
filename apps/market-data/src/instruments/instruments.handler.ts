import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  getInstrument,
  listInstruments,
  type Answer,
  type GetInstrumentRequest,
  type ListInstrumentsRequest,
} from '@mystocks/contracts';
import { InstrumentsService } from './instruments.service.js';

@Controller()
export class InstrumentsHandler {
  constructor(private readonly instruments: InstrumentsService) {}

  @Handles(listInstruments)
  list(request: ListInstrumentsRequest): Promise<Answer> {
    return this.instruments.list(request);
  }

  @Handles(getInstrument)
  get(request: GetInstrumentRequest): Promise<Answer> {
    return this.instruments.get(request.symbol);
  }
}
