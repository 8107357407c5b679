import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  ingestBars,
  ingestInstruments,
  type IngestBarsRequest,
  type IngestReport,
  type IngestRequest,
} from '@mystocks/contracts';
import { BarsIngestService } from './bars-ingest.service.js';
import { InstrumentsIngestService } from './instruments-ingest.service.js';

@Controller()
export class IngestHandler {
  constructor(
    private readonly bars: BarsIngestService,
    private readonly instruments: InstrumentsIngestService,
  ) {}

  @Handles(ingestBars)
  ingestBars(request: IngestBarsRequest): Promise<IngestReport> {
    return this.bars.ingest(request);
  }

  @Handles(ingestInstruments)
  ingestInstruments(request: IngestRequest): Promise<IngestReport> {
    return this.instruments.ingest(request);
  }
}
