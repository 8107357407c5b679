import { IdempotencyRepository } from '../idempotency/idempotency.repository.js';
import { IngestOnceService } from '../idempotency/ingest-once.service.js';
import { LoadBlocksRepository } from '../load-order/load-blocks.repository.js';
import { LoadOrderService } from '../load-order/load-order.service.js';
import { WithheldLinesRepository } from '../load-order/withheld-lines.repository.js';
import { WithheldLinesService } from '../load-order/withheld-lines.service.js';
import { BarBlocksService } from './bar-blocks.service.js';
import { BarsIngestService } from './bars-ingest.service.js';
import { IngestHandler } from './ingest.handler.js';
import { LoadEndService } from './load-end.service.js';
import { IngestTransactions } from '../transactions/ingest-transactions.js';
import { InstrumentsIngestRepository } from './instruments/instruments-ingest.repository.js';
import { InstrumentsIngestService } from './instruments/instruments-ingest.service.js';

export const ingestParts = {
  controllers: [IngestHandler],
  providers: [
    IngestTransactions,
    IdempotencyRepository,
    IngestOnceService,
    LoadBlocksRepository,
    LoadOrderService,
    WithheldLinesRepository,
    WithheldLinesService,
    BarBlocksService,
    BarsIngestService,
    LoadEndService,
    InstrumentsIngestService,
    InstrumentsIngestRepository,
  ],
};
