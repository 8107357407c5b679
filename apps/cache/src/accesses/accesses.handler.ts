import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { recordAccesses, type RecordAccessesRequest, type RecordedAccesses } from '@mystocks/contracts';
import { AccessesService } from './accesses.service.js';

@Controller()
export class AccessesHandler {
  constructor(private readonly accesses: AccessesService) {}

  @Handles(recordAccesses)
  record(request: RecordAccessesRequest): Promise<RecordedAccesses> {
    return Promise.resolve(this.accesses.record(request));
  }
}
