import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { endLoad, Failure, IngestReport, type Call, type IngestRequest } from '@mystocks/contracts';
import { AdaptiveLimit, eachAdaptive, systemClock, TextReader, atMost } from '@mystocks/kernel';
import { currentContext, log, metrics, withContext } from '@mystocks/telemetry';
import type { FileText } from '../uploads/file-text.js';
import { blocksOf, defaultPace, type Block } from '../files/blocks.js';
import { withoutHeader } from '../files/csv-header.js';
import type { RefusedLines } from './refused-lines.js';
import { BatchTally, ITEMS_MAX, type TalliedItem } from '../files/tally.js';

/** What is the same for every block: the rest of the call's request. */
type Common<Request extends IngestRequest> = Omit<
  Request,
  'body' | 'format' | 'header' | 'first_line' | 'on_error' | 'want_items' | 'load' | 'ends_load'
>;

/** Where the blocks of a batch go. */
export interface Target<Request extends IngestRequest> {
  readonly kind: BatchKind;
  readonly call: Call<Request, IngestReport>;
  readonly common: Common<Request>;
}

export interface Streaming {
  /** Never more blocks at once; how many there are, the pace of the store decides. */
  readonly atOnce: number;
  /** Is given every refused line while the batch is stored. */
  readonly refused?: RefusedLines | undefined;
}

/** What batches hold, as metrics count them. */
export type BatchKind = 'bars' | 'factors' | 'instruments' | 'quotes';

/** How long the answer about a stream that broke off waits for its blocks, and then for its end. */
const [BREAK_OFF_WAIT_MAX_MS, BREAK_OFF_END_MAX_MS] = [5_000, 20_000];

/**
 * Sends batches to the owning service: JSON as one block, line streams as many, a bounded number under way. A call that
 * found no instance is retried once by the bus, within its budget, and nowhere else: storing is idempotent.
 */
@Injectable()
export class BatchService {
  constructor(private readonly bus: Bus) {}

  /** One call that stores a batch, counted while it is under way. */
  async send<Request extends object>(
    kind: BatchKind,
    call: Call<Request, IngestReport>,
    request: Request,
  ): Promise<IngestReport> {
    metrics.batchConcurrency.inc({ kind });
    try {
      return await this.bus.call(call, request);
    } finally {
      metrics.batchConcurrency.dec({ kind });
    }
  }

  /** Items of a JSON body, each as it was written: prices keep their digits. */
  async items<Request extends IngestRequest>(
    { kind, call, common }: Target<Request>,
    lines: readonly string[],
    onError: 'continue' | 'abort',
  ): Promise<BatchTally> {
    const tally = new BatchTally();
    const body = Buffer.from(`${lines.join('\n')}\n`);
    const block = { body, format: 'ndjson', first_line: 1, on_error: onError, want_items: true };
    const report = await this.send(kind, call, { ...common, ...block } as unknown as Request);
    tally.add(report, { firstIndex: 0, firstLine: 1, keepAll: true });
    tally.encoding = 'utf-8';
    return tally;
  }

  /**
   * A stream of lines of any length. Blocks that were stored stay stored when a later one fails; sending the file
   * again is safe, because storing is idempotent. The first block goes alone: a key that was used for another file is
   * refused before anything of this one is stored.
   */
  async stream<Request extends IngestRequest>(
    { kind, call, common }: Target<Request>,
    { format, charset, chunks }: FileText,
    { atOnce, refused }: Streaming,
  ): Promise<BatchTally> {
    const tally = new BatchTally();
    const text = new TextReader(charset);
    const all = blocksOf(chunks, defaultPace, text);
    const whole = { header: undefined, firstLine: 1, blocks: all };
    const { header, firstLine, blocks } = format === 'csv' ? await withoutHeader(all) : whole;
    // Blocks of lists, which are short, keep the order of the file by going out one after the other.
    const isList = kind !== 'bars';
    let load: string | undefined;
    const send = async (block: Block): Promise<readonly TalliedItem[]> => {
      const wanted = block.firstLine - firstLine + block.lines <= ITEMS_MAX;
      // The first block goes out before the others: they find the name that it has given.
      load ??= loadOf(block, common.idempotency_key);
      const request = {
        ...common,
        body: block.body,
        format,
        ...(header === undefined ? {} : { header }),
        first_line: block.firstLine,
        on_error: 'continue',
        want_items: wanted,
        ...(load === undefined ? {} : { load, ...(isList ? {} : { ends_load: true }) }),
      };
      const report = await this.send(kind, call, request as unknown as Request);
      const place = { firstIndex: block.firstLine - firstLine, firstLine: block.firstLine, keepAll: wanted };
      return tally.add(report, place);
    };
    const underWay = new Set<Promise<unknown>>();
    const work = (block: Block): Promise<unknown> => {
      const sent = send(block).finally(() => underWay.delete(sent));
      underWay.add(sent);
      return refused?.write(sent) ?? sent;
    };
    try {
      await eachAdaptive(blocks, new AdaptiveLimit(isList ? 1 : atOnce), work, {
        isOverload: (error) => error instanceof Failure && error.code === 'unavailable',
        onWaiting: (change) => {
          metrics.batchQueue.inc({ kind }, change);
        },
      });
      if (load !== undefined && tally.waits) {
        const { idempotency_key } = common;
        tally.end(await this.bus.call(endLoad, { load, ...(idempotency_key !== undefined && { idempotency_key }) }));
      }
    } catch (error) {
      if (load !== undefined && !isList && common.dry_run !== true) {
        await this.#breakOff(load, underWay);
      }
      throw withProgress(error, tally);
    }
    tally.encoding = text.encoding;
    return tally;
  }

  /**
   * Has the lines stored that were withheld until the end of a stream which ends early: no later line replaces them now.
   * Those of blocks that take longer than the wait are lost with the answer of their block; the sender hears of neither.
   */
  async #breakOff(load: string, underWay: ReadonlySet<Promise<unknown>>): Promise<void> {
    await atMost(BREAK_OFF_WAIT_MAX_MS, Promise.allSettled(underWay));
    const context = currentContext();
    const end = async (): Promise<void> => {
      try {
        await this.bus.call(endLoad, { load, broken_off: true });
      } catch (error) {
        log.warn({ err: error, load }, 'the lines that a broken-off stream withheld could not be stored');
      }
    };
    // The deadline of the request may be why the stream broke off: this call has one of its own.
    const deadlineMs = systemClock.now() + BREAK_OFF_END_MAX_MS;
    await (context === undefined ? end() : withContext({ ...context, deadlineMs }, end));
  }
}

/**
 * Names the stream, from its first block; a stream of one block needs no name. Sent again under its idempotency key it
 * has the same name.
 */
function loadOf({ body, isLast }: Block, key: string | undefined): string | undefined {
  if (isLast === true) return undefined;
  return key === undefined ? randomUUID() : createHash('sha256').update(`${key}\n`).update(body).digest('hex');
}

function withProgress(error: unknown, tally: BatchTally): unknown {
  if (!(error instanceof Failure) || tally.stored === 0) return error;
  const { code, message, errors, problem, retryAfterS } = error;
  const detail = `${message}. At least ${tally.stored} lines were stored and stay; sending the whole again is safe`;
  return new Failure(code, detail, {
    errors,
    cause: error,
    ...(problem === undefined ? {} : { problem }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
}
