import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { ingestFactors, type IngestReport, type IngestRequest } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { FactorsIngestService } from './factors-ingest.service.js';

@Controller()
export class FactorsHandler {
  constructor(private readonly factors: FactorsIngestService) {}

  @Handles(ingestFactors)
  ingest(request: IngestRequest, caller: Caller | undefined): Promise<IngestReport> {
    return request.dry_run === true ? this.factors.check(request) : this.factors.ingest(request, caller?.id);
  }
}
