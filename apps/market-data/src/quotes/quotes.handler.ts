import { Handles } from '@mystocks/bus';
import {
  latestQuotes,
  recordQuotes,
  snapshots,
  type Answer,
  type IngestReport,
  type QuotesRequest,
  type RecordQuotesRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { Controller } from '@nestjs/common';
import { QuotesService } from './quotes.service.js';

@Controller()
export class QuotesHandler {
  constructor(private readonly quotes: QuotesService) {}

  @Handles(recordQuotes)
  record(request: RecordQuotesRequest, caller: Caller | undefined): Promise<IngestReport> {
    return this.quotes.record(request, caller?.id);
  }

  @Handles(latestQuotes)
  latest(request: QuotesRequest): Promise<Answer> {
    return this.quotes.latest(request);
  }

  @Handles(snapshots)
  snapshots(request: QuotesRequest): Promise<Answer> {
    return this.quotes.snapshots(request);
  }
}
