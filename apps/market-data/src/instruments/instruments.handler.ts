import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  getInstrument,
  listInstruments,
  resolveInstruments,
  type Answer,
  type GetInstrumentRequest,
  type ListInstrumentsRequest,
  type ResolvedInstruments,
  type ResolveInstrumentsRequest,
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

  @Handles(resolveInstruments)
  resolve(request: ResolveInstrumentsRequest): Promise<ResolvedInstruments> {
    return this.instruments.resolve(request.symbols);
  }
}
