import { Injectable } from '@nestjs/common';
import {
  Failure,
  operators,
  type AppendUploadRequest,
  type AppendedUpload,
  type OpenedUpload,
  type OpenUploadRequest,
  type Operation,
  type ReportPage,
  type ReportRequest,
  type StartUploadRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext } from '@mystocks/telemetry';
import { hasEnded, operationOf } from './operation-of.js';
import type { StoredOptions, Upload } from './kinds/upload.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';
import { UploadRunsService } from './upload-runs.service.js';
import { UploadWorkerService } from './upload-worker.service.js';
import { UploadsRepository } from './stored/uploads.repository.js';

/** Uploads of one user that have not ended; more are refused until one has. */
const UNFINISHED_MAX = 10;

/** Uploads as operations: staged by their sender, stored by a worker, read and ended by their owner or an operator. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly uploads: UploadsRepository,
    private readonly blocks: UploadBlocksRepository,
    private readonly runs: UploadRunsService,
    private readonly worker: UploadWorkerService,
  ) {}

  /**
   * @throws {Failure} `conflict` while the same idempotency key is being uploaded, `unprocessable` when it was used with
   * other options, `rate_limited` when too many uploads of the caller have not ended
   */
  async open({ id, idempotency_key: key, ...options }: OpenUploadRequest, caller: Caller): Promise<OpenedUpload> {
    checkOptions(options);
    const requestId = currentContext()?.requestId ?? id;
    const standing = await this.uploads.open({ id, owner: caller.id, requestId, key, options });
    if (standing === undefined) throw new Failure('conflict', 'Another upload has this id');
    const { upload, isNew, unfinished } = standing;
    if (isNew && unfinished > UNFINISHED_MAX) {
      await this.uploads.drop(id);
      throw new Failure('rate_limited', `${UNFINISHED_MAX} uploads of yours have not ended`, { retryAfterS: 10 });
    }
    if (isNew || upload.id === id) return { id, replayed: false };
    if (upload.status === 'staging') throw keyUnderWay();
    if (!sameOptions(options, upload.options)) throw keyConflict();
    return { id: upload.id, replayed: true };
  }

  async append(request: AppendUploadRequest, caller: Caller): Promise<AppendedUpload> {
    if (await this.blocks.append(caller.id, request)) return {};
    const upload = await this.uploads.find(request.id);
    if (upload?.owner !== caller.id) throw notFound();
    if (upload.status !== 'staging') throw new Failure('conflict', 'The upload was started already');
    return {};
  }

  /**
   * @throws {Failure} `unprocessable` when the idempotency key was used with another file, `unavailable` when not
   * everything that was sent is here
   */
  async start(request: StartUploadRequest, caller: Caller): Promise<Operation> {
    const started = await this.uploads.start(request, caller.id, (upload) => {
      this.runs.kindOf(upload).checkHeader(upload.options, request.header);
    });
    if (started === undefined) throw notFound();
    const { before, now } = started;
    if (before.status !== 'staging') return this.#replay(request, before);
    if (now.status === 'staging') {
      throw new Failure('unavailable', 'Parts of the file were lost on the way; nothing was stored', {
        retryAfterS: 1,
      });
    }
    this.worker.wake();
    return operationOf(now);
  }

  async get(id: string, caller: Caller): Promise<Operation> {
    return operationOf(await this.#visible(id, caller));
  }

  /**
   * What was stored stays; with `abort` nothing was.
   * @throws {Failure} `conflict` when it has ended already
   */
  async cancel(id: string, caller: Caller): Promise<Operation> {
    const upload = await this.#find(id, caller);
    if (upload.status === 'staging') {
      await this.uploads.drop(id);
      return operationOf(upload);
    }
    const cancelled = hasEnded(upload) ? upload : await this.uploads.cancel(id);
    const now = cancelled ?? (await this.#visible(id, caller));
    if (hasEnded(now) && now.status !== 'cancelled') {
      throw new Failure('conflict', `The operation has ended already: ${now.status}`);
    }
    this.worker.wake();
    return operationOf(now);
  }

  async report({ id, after_line, limit }: ReportRequest, caller: Caller): Promise<ReportPage> {
    await this.#visible(id, caller);
    return { lines: await this.uploads.report(id, after_line, limit) };
  }

  #replay({ digest }: StartUploadRequest, upload: Upload): Operation {
    if (digest === undefined) return operationOf(upload);
    if (digest !== upload.digest) throw keyConflict();
    return { ...operationOf(upload), replayed: true };
  }

  async #find(id: string, caller: Caller): Promise<Upload> {
    const upload = await this.uploads.find(id);
    const mayLook = upload?.owner === caller.id || caller.roles.some((role) => operators.includes(role));
    if (upload === undefined || !mayLook) throw notFound();
    return upload;
  }

  async #visible(id: string, caller: Caller): Promise<Upload> {
    const upload = await this.#find(id, caller);
    if (upload.status === 'staging') throw notFound();
    return upload;
  }
}

const notFound = (): Failure => new Failure('not_found', 'There is no such operation');
const keyUnderWay = (): Failure =>
  new Failure('conflict', 'An upload with this Idempotency-Key is under way; send it again in a moment', {
    problem: 'IDEMPOTENCY_CONFLICT',
    retryAfterS: 1,
  });

const keyConflict = (): Failure =>
  new Failure('unprocessable', 'This Idempotency-Key was used for another upload', { problem: 'IDEMPOTENCY_CONFLICT' });

function checkOptions({ kind, register, ...options }: StoredOptions): void {
  const forBars = [options.timeframe, options.dialect, options.stamps, options.symbol];
  if (kind !== 'bars' && (register || forBars.some((option) => option !== undefined))) {
    throw new Failure('invalid', 'timeframe, register, format, stamps and symbol are for bars');
  }
}

/** How many blocks are stored at once, and the name of the file, change nothing that is stored. */
function sameOptions(a: StoredOptions, b: StoredOptions): boolean {
  const named = ({ kind, format, register, on_error, ...bars }: StoredOptions): string =>
    JSON.stringify([kind, format, register, on_error, bars.timeframe, bars.dialect, bars.stamps, bars.symbol]);
  return named(a) === named(b);
}
