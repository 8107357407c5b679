import { Module } from '@nestjs/common';
import { FactorsModule } from '../factors/factors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { IngestModule } from '../ingest/ingest.module.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { LoadOrderModule } from '../load-order/load-order.module.js';
import { AllOrNothingService } from './all-or-nothing.service.js';
import { BlockByBlockService } from './block-by-block.service.js';
import { BarsFileService } from './kinds/bars-file.service.js';
import { FactorsFileService } from './kinds/factors-file.service.js';
import { FileKinds } from './kinds/file-kinds.js';
import { SymbolsFileService } from './kinds/symbols-file.service.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';
import { UploadQueueRepository } from './stored/upload-queue.repository.js';
import { UploadRemainsRepository } from './stored/upload-remains.repository.js';
import { UploadsRepository } from './stored/uploads.repository.js';
import { UploadRunsService } from './upload-runs.service.js';
import { UploadWorkerService } from './upload-worker.service.js';
import { UploadsHandler } from './uploads.handler.js';
import { UploadsService } from './uploads.service.js';

/** Stores files that were uploaded, in the background. */
@Module({
  imports: [FactorsModule, IdempotencyModule, IngestModule, InstrumentsModule, LoadOrderModule],
  controllers: [UploadsHandler],
  providers: [
    UploadsService,
    UploadWorkerService,
    UploadRunsService,
    BlockByBlockService,
    AllOrNothingService,
    BarsFileService,
    SymbolsFileService,
    FactorsFileService,
    FileKinds,
    UploadsRepository,
    UploadBlocksRepository,
    UploadQueueRepository,
    UploadRemainsRepository,
  ],
})
export class UploadsModule {}
