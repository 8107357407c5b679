import type { AppendUploadRequest, OpenUploadRequest, Operation, StartUploadRequest } from '@mystocks/contracts';
import { appendUpload, cancelOperation, openUpload, startUpload } from '@mystocks/contracts';
import type { Gateway } from './harness.js';

export const ID = '3f2f8a52-6d0f-4b8e-9f62-0b8a5d6b1c77';
const share = { done: 0, total: 1 };
export const operation = (changes: Partial<Operation> = {}): Operation => ({
  id: ID,
  kind: 'bars',
  status: 'queued',
  on_error: 'continue',
  created_at: '2026-11-22T10:00:00.000Z',
  cancelling: false,
  progress: { phase: 'storing', blocks: share, lines: share, bytes: share },
  ...changes,
});
export const summary = { total: 3, succeeded: 2, failed: 1, inserted: 2, updated: 0, unchanged: 0 };
export const result = {
  summary,
  ignored_columns: [],
  registered: [],
  report_lines: 1,
  report_truncated: false,
  lsn: '0/16B3748',
};

export const CSV = 'code,exchange,date,open,high,low,close,volume\n600519,SSE,2024-01-02,1,2,1,2,100\n';

/** What market-data was asked. */
export interface Asked {
  readonly opened: OpenUploadRequest[];
  readonly staged: AppendUploadRequest[];
  readonly started: StartUploadRequest[];
  readonly dropped: string[];
}

/** Plays the uploads of market-data: everything is taken. */
export function playUploads(gateway: Gateway): Asked {
  const asked: Asked = { opened: [], staged: [], started: [], dropped: [] };
  gateway.bus
    .answer(openUpload, (request) => {
      asked.opened.push(request);
      return { id: request.id, replayed: false };
    })
    .answer(appendUpload, (request) => {
      asked.staged.push(request);
      return {};
    })
    .answer(startUpload, (request) => {
      asked.started.push(request);
      return operation({ id: request.id });
    })
    .answer(cancelOperation, ({ id }) => {
      asked.dropped.push(id);
      return operation({ id, status: 'cancelled' });
    });
  return asked;
}
