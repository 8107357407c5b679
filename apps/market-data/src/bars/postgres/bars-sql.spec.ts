import { describe, expect, it } from '@jest/globals';
import type { BarsQuestion } from '../stored/bars.repository.js';
import { barsStatement } from './bars-sql.js';
import type { Sources } from './sql/shape.js';

type Read = Pick<BarsQuestion, 'timeframe' | 'adjustment' | 'sort' | 'ends'>;

const newestRaw: Omit<Read, 'timeframe'> = { adjustment: 'raw', sort: 'desc', ends: 'together' };
const timeframes = ['1Day', '1Week', '1Month', '1Min', '15Min'] as const;

/** Each read with what differs from the newest raw bars; the 70 statements are combinations of these. */
const reads: readonly (readonly [title: string, read: Read, sources: Sources])[] = [
  ...timeframes.flatMap((timeframe) =>
    (['one', 'several'] as const).map(
      (sources) =>
        [
          `${timeframe}, ${sources === 'one' ? 'one source' : 'several sources'}`,
          { timeframe, ...newestRaw },
          sources,
        ] as const,
    ),
  ),
  ['1Day, one source, qfq', { timeframe: '1Day', ...newestRaw, adjustment: 'qfq' }, 'one'],
  ['1Day, one source, hfq', { timeframe: '1Day', ...newestRaw, adjustment: 'hfq' }, 'one'],
  ['1Day, one source, oldest first', { timeframe: '1Day', ...newestRaw, sort: 'asc' }, 'one'],
  ['1Day, one source, each symbol with its own end', { timeframe: '1Day', ...newestRaw, ends: 'each' }, 'one'],
];

/** The text with one blank where there were several, and a line for each part of the statement. */
const readable = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, ' '))
    .filter((line) => line !== '')
    .join('\n')
    .replaceAll(/ (FROM|WHERE|GROUP BY|ORDER BY|CROSS JOIN|LEFT JOIN|UNION ALL)(?= )/g, '\n  $1');

describe('the statements that read bars', () => {
  it.each(reads)('writes for %s', (_title, read, sources) => {
    expect(readable(barsStatement(read, sources).text)).toMatchSnapshot();
  });
});
