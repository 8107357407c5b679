import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, IngestReport, type Call, type IngestRequest } from '@mystocks/contracts';
import { mapBounded } from '@mystocks/kernel';
import { blocksOf, withoutHeader, type Block } from './blocks.js';
import { BatchTally, ITEMS_MAX } from './tally.js';

export type Ingest<Request extends IngestRequest> = Call<Request, IngestReport>;
/** What is the same for every block: the rest of the call's request. */
export type Common<Request extends IngestRequest> = Omit<
  Request,
  'body' | 'format' | 'header' | 'first_line' | 'on_error' | 'want_items'
>;

/** Sends batches to the owning service: JSON as one block, line streams as many, a bounded number under way. */
@Injectable()
export class BatchService {
  constructor(private readonly bus: Bus) {}

  /** Items of a JSON body, each as it was written: prices keep their digits. */
  async items<Request extends IngestRequest>(
    call: Ingest<Request>,
    common: Common<Request>,
    lines: readonly string[],
    onError: 'continue' | 'abort',
  ): Promise<BatchTally> {
    const tally = new BatchTally();
    const body = Buffer.from(`${lines.join('\n')}\n`);
    const block = { body, format: 'ndjson', first_line: 1, on_error: onError, want_items: true };
    tally.add(await this.bus.call(call, { ...common, ...block } as unknown as Request), {
      firstIndex: 0,
      firstLine: 1,
      keepAll: true,
    });
    return tally;
  }

  /**
   * A stream of lines of any length. Blocks that were stored stay stored when a later one fails; sending the file
   * again is safe, because storing is idempotent.
   */
  async stream<Request extends IngestRequest>(
    call: Ingest<Request>,
    common: Common<Request>,
    stream: AsyncIterable<Buffer>,
    options: { readonly format: 'csv' | 'ndjson'; readonly atOnce: number },
  ): Promise<BatchTally> {
    const tally = new BatchTally();
    const { format, atOnce } = options;
    const all = blocksOf(stream);
    const { header, blocks } = format === 'csv' ? await withoutHeader(all) : { header: undefined, blocks: all };
    const firstLine = format === 'csv' ? 2 : 1;
    const send = async (block: Block): Promise<void> => {
      const wanted = block.firstLine - firstLine + block.lines <= ITEMS_MAX;
      const request = {
        ...common,
        body: block.body,
        format,
        ...(header === undefined ? {} : { header }),
        first_line: block.firstLine,
        on_error: 'continue',
        want_items: wanted,
      };
      const report = await this.bus.call(call, request as unknown as Request);
      tally.add(report, { firstIndex: block.firstLine - firstLine, firstLine: block.firstLine, keepAll: wanted });
    };
    try {
      await eachBounded(blocks, atOnce, send);
    } catch (error) {
      throw withProgress(error, tally);
    }
    return tally;
  }
}

/** {@link mapBounded} for a source that is read as it is needed. */
async function eachBounded(
  blocks: AsyncGenerator<Block>,
  atOnce: number,
  work: (block: Block) => Promise<void>,
): Promise<void> {
  let stopped = false;
  try {
    await mapBounded(Array.from({ length: atOnce }), { atOnce }, async () => {
      // An async generator queues its callers, so the workers may share one.
      for (let next = await blocks.next(); next.done !== true && !stopped; next = await blocks.next()) {
        await work(next.value).catch((error: unknown) => {
          stopped = true;
          throw error;
        });
      }
    });
  } finally {
    // The source is let go; how it ends matters to nobody once the workers are done.
    blocks.return(undefined).catch(() => undefined);
  }
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
