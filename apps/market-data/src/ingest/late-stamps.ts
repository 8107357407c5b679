import type { BarStamps, IngestWarning } from '@mystocks/contracts';
import type { KeyLines } from '../load-order/key-lines.js';
import { dayKeyOf, minutesOf } from './rows/bar-rows.js';
import { endedDays, startedDays } from './day-stamps.js';
import { LineSample } from '../lines/line-sample.js';

const none: ReadonlySet<number> = new Set();

const message = (stamps: BarStamps | undefined): string =>
  stamps === 'start'
    ? 'stored a bar late: only a later line showed that the minute bars of this file are stamped at their ends. Send the file again without stamps=start (--stamps start), and check these bars'
    : 'stored a bar early: only a later line showed that the minute bars of this file are stamped at their starts. Send the file again with stamps=start (--stamps start), and check these bars';

/**
 * Finds the lines of blocks that were claimed before the stamps of their frames were known to be of the other kind, in
 * frames none of whose days proves the opposite. These lines are stored one bar off.
 * @param frames of which a block is the first of its file to be refused for its stamps, in minutes
 */
export async function lateStamps(
  claimed: AsyncIterable<KeyLines>,
  frames: ReadonlySet<number>,
  stamps: BarStamps | undefined,
): Promise<IngestWarning[]> {
  const sample = new LineSample();
  const judge = stamps === 'start' ? endedDays : startedDays;
  for await (const { keys, lines } of claimed) {
    const days = judge({ keys: keys.filter((key) => frames.has(frameOf(key))), marked: none, traded: none, frames });
    const contrary = new Set<number>();
    for (const key of keys) if (!days.has(dayKeyOf(key))) contrary.add(frameOf(key));
    keys.forEach((key, row) => {
      if (frames.has(frameOf(key)) && !contrary.has(frameOf(key))) sample.add(lines[row] ?? 0);
    });
  }
  return sample.count === 0
    ? []
    : [{ kind: 'stamps', count: sample.count, lines: sample.lines, message: message(stamps) }];
}

const frameOf = (key: number): number => minutesOf(dayKeyOf(key));
