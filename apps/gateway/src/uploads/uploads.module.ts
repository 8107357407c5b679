import { Module } from '@nestjs/common';
import { OperationsController } from './operations.controller.js';
import { StagingService } from './staging.service.js';
import { UploadsController } from './uploads.controller.js';
import { WholeStreamService } from './whole-stream.service.js';

/** Files that are stored while the client does something else. */
@Module({
  controllers: [UploadsController, OperationsController],
  providers: [StagingService, WholeStreamService],
  exports: [WholeStreamService],
})
export class UploadsModule {}
