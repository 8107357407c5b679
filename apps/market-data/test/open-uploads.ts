import { randomUUID } from 'node:crypto';
import type { Operation, UploadOptions } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { BarBlocksService } from '../src/ingest/bar-blocks.service.js';
import { InstrumentsIngestRepository } from '../src/ingest/instruments/instruments-ingest.repository.js';
import { AllOrNothingService } from '../src/uploads/all-or-nothing.service.js';
import { BarsFileService } from '../src/uploads/kinds/bars-file.service.js';
import { BlockByBlockService } from '../src/uploads/block-by-block.service.js';
import { FactorsFileService } from '../src/uploads/kinds/factors-file.service.js';
import { FileKinds } from '../src/uploads/kinds/file-kinds.js';
import { SymbolsFileService } from '../src/uploads/kinds/symbols-file.service.js';
import { UploadBlocksRepository } from '../src/uploads/stored/upload-blocks.repository.js';
import { UploadQueueRepository } from '../src/uploads/stored/upload-queue.repository.js';
import { UploadRemainsRepository } from '../src/uploads/stored/upload-remains.repository.js';
import { UploadRunsService } from '../src/uploads/upload-runs.service.js';
import { UploadWorkerService } from '../src/uploads/upload-worker.service.js';
import { UploadsRepository } from '../src/uploads/stored/uploads.repository.js';
import { UploadsService } from '../src/uploads/uploads.service.js';
import type { Ingest } from './open-ingest.js';

export const callerWith = (...roles: Caller['roles']): Caller => ({
  id: randomUUID(),
  username: 'loader',
  roles,
  expiresAtMs: Number.MAX_SAFE_INTEGER,
});

/** The uploads room of one instance over the database of `ingest`; its worker is not started. */
export function openUploads({
  pool,
  bars,
  ends,
  withheld,
  lists,
  factors,
  once,
  directory,
  transactions,
  bus,
}: Ingest) {
  const registry = new InstrumentsIngestRepository();
  const blocks = new BarBlocksService(directory, registry, transactions, bus.bus);
  const staged = new UploadBlocksRepository(pool);
  const queue = new UploadQueueRepository(pool);
  const runs = new UploadRunsService(
    queue,
    new BlockByBlockService(staged),
    new AllOrNothingService(staged, queue, once),
    new FileKinds(
      new BarsFileService(blocks, bars, ends, withheld, directory),
      new SymbolsFileService(lists, registry, directory),
      new FactorsFileService(factors, directory),
    ),
  );
  const remains = new UploadRemainsRepository(pool);
  const worker = new UploadWorkerService(queue, runs, remains);
  const uploads = new UploadsService(new UploadsRepository(pool), staged, runs, worker);
  return {
    uploads,
    queue,
    remains,
    worker,
    /** Stages blocks of lines and queues them. */
    send: async (
      caller: Caller,
      texts: readonly string[],
      options: Partial<UploadOptions> = {},
      header = 'code,exchange,date,open,high,low,close,volume',
    ): Promise<Operation> => {
      const id = randomUUID();
      const given = { kind: 'bars', register: true, on_error: 'continue', concurrency: 2, ...options } as const;
      await uploads.open({ ...given, id, format: 'csv' }, caller);
      const sums = { lines: 0, bytes: 0 };
      for (const text of texts) {
        const [body, lines] = [Buffer.from(text), text.split('\n').length - 1];
        await uploads.append({ id, first_line: 2 + sums.lines, lines, body }, caller);
        sums.lines += lines;
        sums.bytes += body.length;
      }
      return uploads.start({ id, header, blocks: texts.length, ...sums }, caller);
    },
  };
}
