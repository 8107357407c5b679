import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import {
  appendUpload,
  cancelOperation,
  Failure,
  openUpload,
  startUpload,
  type Operation,
  type OpenedUpload,
  type OpenUploadRequest,
} from '@mystocks/contracts';
import { DeadBuffers, TextReader } from '@mystocks/kernel';
import { currentContext, log, withContext } from '@mystocks/telemetry';
import { blocksOf, defaultPace, type Block } from '../files/blocks.js';
import { withoutHeader } from '../files/csv-header.js';
import type { FileText } from './file-text.js';

export interface StagedFile {
  readonly text: FileText;
  readonly options: Omit<OpenUploadRequest, 'id' | 'format' | 'file_name' | 'idempotency_key'>;
  readonly fileName?: string | undefined;
  readonly key?: string | undefined;
  /** Fails when something is wrong behind the text; nothing is run then. */
  readonly end?: () => Promise<void>;
}

interface Sent {
  readonly header?: string;
  readonly blocks: number;
  readonly lines: number;
  readonly bytes: number;
  readonly encoding: string;
  readonly digest?: string;
}

/** Blocks on their way to the store at the same time. */
const BLOCKS_AT_ONCE = 3;

/**
 * A block of a file is three transactions in the store, so larger ones cost less time (a tenth at 1 MB against 512 KB), and
 * more memory: at 768 KB and two at once a file of any size stays below 100 MB.
 */
const filePace = { ...defaultPace, blockMax: 786_432 };

/** Brings a file to the owning service, block by block as it comes, and puts it into the queue when it is there. */
@Injectable()
export class StagingService {
  readonly #dead = new DeadBuffers();

  constructor(private readonly bus: Bus) {}

  /**
   * The operation that stores the file. With an idempotency key that was used for the same file before: that operation.
   * @throws {Failure} whatever is wrong with the file or its options; then nothing of it stays
   */
  async stage({ text, options, fileName, key, end }: StagedFile): Promise<Operation> {
    const opened = await this.bus.call(openUpload, {
      ...options,
      id: randomUUID(),
      format: text.format,
      ...(fileName === undefined ? {} : { file_name: fileName }),
      ...(key === undefined ? {} : { idempotency_key: key }),
    });
    try {
      const sent = await this.#send(opened, text, key !== undefined);
      await end?.();
      if (sent.blocks === 0) throw new Failure('invalid', 'The file has no lines');
      return await this.bus.call(startUpload, { id: opened.id, ...sent });
    } catch (error) {
      if (!opened.replayed) await this.drop(opened.id);
      throw told(error);
    }
  }

  /** Cancels the upload after the client disconnected. If that fails, the periodic clean-up deletes it later. */
  async drop(id: string): Promise<void> {
    const context = currentContext();
    const drop = async (): Promise<void> => {
      try {
        await this.bus.call(cancelOperation, { id });
      } catch (error) {
        log.warn({ err: error, upload: id }, 'a broken-off upload could not be dropped yet');
      }
    };
    // The deadline of the request may be why: it must not keep us from tidying up.
    await (context === undefined ? drop() : withContext({ ...context, deadlineMs: Infinity }, drop));
  }

  async #send({ id, replayed }: OpenedUpload, file: FileText, withDigest: boolean): Promise<Sent> {
    const text = new TextReader(file.charset);
    const all = blocksOf(file.chunks, filePace, text);
    const { header, blocks } = file.format === 'csv' ? await withoutHeader(all) : { header: undefined, blocks: all };
    const hash = withDigest ? createHash('sha256').update(`${header ?? ''}\n`) : undefined;
    const sums = { blocks: 0, lines: 0, bytes: 0 };
    await eachAtOnce(blocks, async ({ body, firstLine, lines }) => {
      sums.blocks += 1;
      sums.lines += lines;
      sums.bytes += body.length;
      hash?.update(body);
      this.#dead.passed(body.length);
      if (!replayed) await this.bus.call(appendUpload, { id, first_line: firstLine, lines, body });
    });
    return {
      ...sums,
      encoding: text.encoding,
      ...(header === undefined ? {} : { header }),
      ...(hash === undefined ? {} : { digest: hash.digest('hex') }),
    };
  }
}

/** Begins the work on each block in order; a bounded number is under way, and none when this returns. */
async function eachAtOnce(blocks: AsyncIterable<Block>, work: (block: Block) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  try {
    for await (const block of blocks) {
      if (underWay.size >= BLOCKS_AT_ONCE) await Promise.race(underWay);
      const one = work(block).finally(() => underWay.delete(one));
      underWay.add(one);
      // The error is rethrown at the next block or at the end; this handler only prevents an "unhandled rejection".
      one.catch(() => undefined);
    }
    await Promise.all(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** The reader of the stream wraps what the file itself said is wrong, and speaks of batches. */
function told(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.cause instanceof Failure) return error.cause;
  if (error.code === 'timeout' && error.message.includes('too slowly')) {
    return new Failure('timeout', 'The file came too slowly; nothing was stored', { cause: error });
  }
  return error;
}
