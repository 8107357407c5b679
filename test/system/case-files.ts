import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { importFile, type Imported } from '../../tools/import/send.js';
import type { RefusedLine } from '../../tools/import/report.js';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, get, postCsv, type Reply } from './requests.js';
import { ended, upload, type Operation } from './uploads-help.js';
import { recordedCases } from '@mystocks/testing';
import { fileURLToPath } from 'node:url';

const run = promisify(execFile);
const folder = fileURLToPath(recordedCases);

/** The small real-life inputs lie beside the checkout of the project's developers; a clone of it alone goes without. */
const haveCases = existsSync(folder);
export const casePath = (name: string): string => join(folder, name);
const read = (name: string): Buffer => readFileSync(casePath(name));

export interface Bar {
  readonly t: string;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly v: number;
  readonly suspended?: boolean;
}

/** The answer to a batch. */
export interface BatchReport {
  readonly summary: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly items: readonly { readonly line: number; readonly status: number; readonly error?: { message: string } }[];
  readonly encoding: string;
  readonly superseded?: { readonly count: number; readonly lines: readonly { line: number; by: number }[] };
}

export const reportOf = ({ body }: Reply): BatchReport => body as BatchReport;

export const refusedLines = (reply: Reply): number[] =>
  reportOf(reply)
    .items.filter(({ status }) => status >= 400)
    .map(({ line }) => line);

/** The ways in for the files of the cases, and the way out for their bars. */
export class CaseFiles {
  constructor(private readonly system: System) {}

  csv(name: string, query = ''): Promise<Reply> {
    return this.csvText(read(name), query);
  }

  csvText(text: string | Buffer, query = ''): Promise<Reply> {
    return postCsv(this.system.url, `/api/v2/batch/bars?${query}`, text, this.system.adminToken);
  }

  symbols(name: string): Promise<Reply> {
    return this.symbolsText(read(name));
  }

  symbolsText(text: string | Buffer, query = ''): Promise<Reply> {
    return postCsv(this.system.url, `/api/v2/batch/symbols?${query}`, text, this.system.adminToken);
  }

  ndjson(name: string): Promise<Reply> {
    return ask(this.system.url, '/api/v2/batch/bars', {
      method: 'POST',
      headers: { ...bearer(this.system.adminToken), 'content-type': 'application/x-ndjson' },
      body: Uint8Array.from(read(name)),
    });
  }

  async uploaded(name: string, query = ''): Promise<Operation> {
    return this.uploadedText(read(name), query, name);
  }

  async uploadedText(text: string | Buffer, query = '', name = 'bars.csv'): Promise<Operation> {
    const { headers } = await upload(this.system, text, query, { name });
    return ended(this.system, headers.get('location'));
  }

  /** As `npm run import` does it. */
  async imported(
    name: string,
    options: Readonly<Record<string, string>> = {},
  ): Promise<Imported & { readonly refused: readonly RefusedLine[] }> {
    const refused: RefusedLine[] = [];
    const to = {
      url: this.system.url,
      token: this.system.adminToken,
      refused: (line: RefusedLine) => refused.push(line),
    };
    return { ...(await importFile(casePath(name), { ...to, ...options })), refused };
  }

  get(path: string): Promise<Reply> {
    return get(this.system.url, path, this.system.adminToken);
  }

  async bars(symbol: string, query = ''): Promise<Bar[]> {
    return ((await this.get(`/api/v2/stocks/${symbol}/bars?${query}`)).body as { bars: Bar[] }).bars;
  }
}

/** What the generator of a case prints. */
export async function generated(script: string): Promise<string> {
  return (await run('python3', [casePath(script)], { maxBuffer: 2 ** 26 })).stdout;
}

interface RunningCases {
  readonly files: CaseFiles;
  readonly system: System;
}

/** A suite over the cases on a system of its own, whose instruments are listed; skipped where the cases are not here. */
export function describeCases(title: string, suite: (running: () => RunningCases) => void): void {
  if (!haveCases) {
    describe.skip(`${title} (the recorded cases are not there)`, () => undefined);
    return;
  }
  describe(title, () => {
    let running: RunningCases | undefined;
    beforeAll(async () => {
      const system = await startSystem();
      running = { system, files: new CaseFiles(system) };
      await running.files.symbols('00-instruments.csv');
    }, 60_000);
    afterAll(() => running?.system.stop(), 30_000);
    suite(() => {
      if (running === undefined) throw new Error('the system of the cases is not running');
      return running;
    });
  });
}
