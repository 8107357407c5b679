import { AllOrNothingService } from './all-or-nothing.service.js';
import { BarsFileService } from './kinds/bars-file.service.js';
import { BlockByBlockService } from './block-by-block.service.js';
import { FactorsFileService } from './kinds/factors-file.service.js';
import { FileKinds } from './kinds/file-kinds.js';
import { SymbolsFileService } from './kinds/symbols-file.service.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';
import { UploadQueueRepository } from './stored/upload-queue.repository.js';
import { UploadRemainsRepository } from './stored/upload-remains.repository.js';
import { UploadRunsService } from './upload-runs.service.js';
import { UploadWorkerService } from './upload-worker.service.js';
import { UploadsHandler } from './uploads.handler.js';
import { UploadsRepository } from './stored/uploads.repository.js';
import { UploadsService } from './uploads.service.js';

export const uploadsParts = {
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
};
