import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  appendUpload,
  cancelOperation,
  Failure,
  getOperation,
  openUpload,
  readReport,
  startUpload,
  type AppendedUpload,
  type AppendUploadRequest,
  type OpenedUpload,
  type OpenUploadRequest,
  type Operation,
  type OperationRequest,
  type ReportPage,
  type ReportRequest,
  type StartUploadRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { UploadsService } from './uploads.service.js';

@Controller()
export class UploadsHandler {
  constructor(private readonly uploads: UploadsService) {}

  @Handles(openUpload)
  open(request: OpenUploadRequest, caller: Caller | undefined): Promise<OpenedUpload> {
    return this.uploads.open(request, known(caller));
  }

  @Handles(appendUpload)
  append(request: AppendUploadRequest, caller: Caller | undefined): Promise<AppendedUpload> {
    return this.uploads.append(request, known(caller));
  }

  @Handles(startUpload)
  start(request: StartUploadRequest, caller: Caller | undefined): Promise<Operation> {
    return this.uploads.start(request, known(caller));
  }

  @Handles(getOperation)
  get({ id }: OperationRequest, caller: Caller | undefined): Promise<Operation> {
    return this.uploads.get(id, known(caller));
  }

  @Handles(cancelOperation)
  cancel({ id }: OperationRequest, caller: Caller | undefined): Promise<Operation> {
    return this.uploads.cancel(id, known(caller));
  }

  @Handles(readReport)
  report(request: ReportRequest, caller: Caller | undefined): Promise<ReportPage> {
    return this.uploads.report(request, known(caller));
  }
}

/** The bus refuses calls without a token where the contract names roles. */
function known(caller: Caller | undefined): Caller {
  if (caller === undefined) throw new Failure('unauthenticated', 'This call needs the access token of its caller');
  return caller;
}
