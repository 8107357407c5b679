import type { IngestItem, IngestReport, IngestRequest } from '@mystocks/contracts';

/** Stores every line but those with the word poison, as market-data would report it. */
export function poisonedReport(block: IngestRequest, position: number): IngestReport {
  const lines = block.body.toString().split('\n').slice(0, -1);
  const items = lines.map((line, at): IngestItem => {
    const place = { line: block.first_line + at, id: line.trim().slice(0, 20) };
    return line.includes('poison')
      ? { ...place, status: 422, code: 1001, message: 'poison' }
      : { ...place, status: 201 };
  });
  const failed = items.filter(({ status }) => status >= 400);
  return {
    total: lines.length,
    inserted: lines.length - failed.length,
    updated: 0,
    unchanged: 0,
    failed: failed.length,
    items: block.want_items ? items : failed.slice(0, 18_000),
    ignored_columns: ['turn'],
    registered: [],
    took_ms: 1,
    lsn: `0/${position}`,
  };
}
