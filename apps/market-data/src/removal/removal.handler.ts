import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { removeInstrument, type GetInstrumentRequest, type RemovedInstrument } from '@mystocks/contracts';
import { InstrumentRemovalService } from './instrument-removal.service.js';

@Controller()
export class RemovalHandler {
  constructor(private readonly removal: InstrumentRemovalService) {}

  @Handles(removeInstrument)
  remove(request: GetInstrumentRequest): Promise<RemovedInstrument> {
    return this.removal.remove(request.symbol);
  }
}
