import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  endLoad,
  ingestBars,
  ingestInstruments,
  type EndLoadRequest,
  type IngestBarsRequest,
  type IngestReport,
  type IngestRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { BarsIngestService } from './bars-ingest.service.js';
import { InstrumentsIngestService } from './instruments/instruments-ingest.service.js';
import { LoadEndService } from './load-end.service.js';

@Controller()
export class IngestHandler {
  constructor(
    private readonly bars: BarsIngestService,
    private readonly instruments: InstrumentsIngestService,
    private readonly ends: LoadEndService,
  ) {}

  @Handles(ingestBars)
  ingestBars(request: IngestBarsRequest, caller: Caller | undefined): Promise<IngestReport> {
    return request.dry_run === true ? this.bars.check(request) : this.bars.ingest(request, caller?.id);
  }

  @Handles(endLoad)
  endLoad(request: EndLoadRequest, caller: Caller | undefined): Promise<IngestReport> {
    return this.ends.end(request, caller?.id ?? 'market-data');
  }

  @Handles(ingestInstruments)
  ingestInstruments(request: IngestRequest, caller: Caller | undefined): Promise<IngestReport> {
    return request.dry_run === true ? this.instruments.check(request) : this.instruments.ingest(request, caller?.id);
  }
}
