import type { IngestItem } from '@mystocks/contracts';

/** Refused lines as CSV, page by page as it is read. */
export async function* reportCsv(pages: AsyncIterable<readonly IngestItem[]>): AsyncGenerator<string> {
  yield 'line,id,code,message\r\n';
  for await (const page of pages) {
    yield page
      .map(({ line, id, code, message }) => `${line},${cell(id)},${code ?? ''},${cell(message ?? '')}\r\n`)
      .join('');
  }
}

/** Quotes a value, and turns what a spreadsheet would run as a formula into text (the sender chose the id). */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
