import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  ingestBars,
  ingestInstruments,
  type IngestBarsRequest,
  type IngestReport,
  type IngestRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { BarsIngestService } from './bars-ingest.service.js';
import { InstrumentsIngestService } from './instruments-ingest.service.js';

@Controller()
export class IngestHandler {
  constructor(
    private readonly bars: BarsIngestService,
    private readonly instruments: InstrumentsIngestService,
  ) {}

  @Handles(ingestBars)
  ingestBars(request: IngestBarsRequest, caller: Caller | undefined): Promise<IngestReport> {
    return request.dry_run === true ? this.bars.check(request) : this.bars.ingest(request, caller?.id);
  }

  @Handles(ingestInstruments)
  ingestInstruments(request: IngestRequest, caller: Caller | undefined): Promise<IngestReport> {
    return request.dry_run === true ? this.instruments.check(request) : this.instruments.ingest(request, caller?.id);
  }
}
