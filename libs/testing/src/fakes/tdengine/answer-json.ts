import { cellJson } from './run/cells.js';
import { metaOf } from './parse/column-types.js';
import type { Outcome } from './run/run-statement.js';

export interface Form {
  /** IANA name; timestamps are written in its time. */
  readonly timeZone: string;
  /** Rows as objects. */
  readonly withMeta: boolean;
  /** Adds the time it took. */
  readonly timingNs: bigint | undefined;
}

const ROWS_A_CHUNK = 200;

/** The body of a good answer, in the pieces that are sent as chunks. */
export function* answerChunks(outcome: Outcome, form: Form): Generator<string> {
  const result =
    'rows' in outcome
      ? outcome
      : { columns: [{ name: 'affected_rows', type: { kind: 'int' } as const }], rows: [[BigInt(outcome.affected)]] };
  const meta = result.columns.map(({ name, type }) => JSON.stringify([name, ...metaOf(type)]));
  yield `{"code":0,"column_meta":[${meta.join(',')}],"data":[`;
  const timeText = timeTexts(form.timeZone);
  const names = result.columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const lines = result.rows.map((row) => {
    const cells = result.columns.map(({ type }, place) => cellJson(row[place] ?? null, type, timeText));
    if (!form.withMeta) return `[${cells.join(',')}]`;
    return `{${cells.map((cell, place) => `${names[place] ?? ''}${cell}`).join(',')}}`;
  });
  for (let from = 0; from < lines.length; from += ROWS_A_CHUNK) {
    yield (from === 0 ? '' : ',') + lines.slice(from, from + ROWS_A_CHUNK).join(',');
  }
  yield `],"rows":${String(lines.length)}${form.timingNs === undefined ? '' : `,"timing":${String(form.timingNs)}`}}`;
}

/** RFC 3339 with milliseconds: `Z` in UTC, else the offset of that time in the zone. Throws for an unknown zone. */
export function timeTexts(timeZone: string): (ms: number) => string {
  if (timeZone === 'UTC') return (ms) => new Date(ms).toISOString();
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (ms) => {
    const offset = /GMT([+-]\d{2}:\d{2})?/.exec(parts.format(ms))?.[1];
    if (offset === undefined || offset === '+00:00') return new Date(ms).toISOString();
    const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4));
    const shifted = ms + (offset.startsWith('-') ? -minutes : minutes) * 60_000;
    return `${new Date(shifted).toISOString().slice(0, -1)}${offset}`;
  };
}
