import { Module } from '@nestjs/common';
import { UploadsModule } from '../uploads/uploads.module.js';
import { BatchController } from './batch.controller.js';
import { BatchService } from './batch.service.js';

/** Streams of bars and lists of instruments that are stored while they arrive. */
@Module({
  imports: [UploadsModule],
  controllers: [BatchController],
  providers: [BatchService],
  exports: [BatchService],
})
export class BatchModule {}
