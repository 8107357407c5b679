import { describe, expect, it } from '@jest/globals';
import { clock, lines, read } from '../../test/read-minutes.js';
import type { BarBlock } from './bar-block.js';
import { barPlace } from './rows/bar-rows.js';

/** The ends of a day's bars of a frame. */
const ends = (frame: number): number[] => [
  ...Array.from({ length: 120 / frame }, (_, bar) => 570 + (bar + 1) * frame),
  ...Array.from({ length: 120 / frame }, (_, bar) => 780 + (bar + 1) * frame),
];
const starts = (frame: number): number[] => ends(frame).map((minute) => minute - frame);
/** An auction has one price. */
const withAuction = (body: readonly string[]): string[] =>
  body.map((line) => line.replace(/,09:(25|30),10,11,9,10,/, ',09:$1,10,10.00,10,10.0,'));

const times = ({ minute }: BarBlock): string[] => minute.stored().map((row) => barPlace(minute.keyOf(row)).time);
const reasons = ({ refused }: BarBlock): string[] => [...new Set(refused.map(({ message }) => message))];
const FRAMES = [1, 5, 15, 30, 60];

describe('a day of minute bars', () => {
  it.each(FRAMES)('a day of minute bars is stored when its bars of %d minutes are stamped at their ends', (frame) => {
    const block = read(lines(ends(frame)), frame);
    expect([times(block), block.refused]).toEqual([ends(frame).map(clock), []]);
  });

  it.each(FRAMES)(
    'a day of minute bars is refused with the remedy when its bars of %d minutes are stamped at their starts',
    (frame) => {
      const block = read(lines(starts(frame)), frame);
      expect(block.minute.size).toBe(0);
      expect(block.refused.map(({ line }) => line)).toEqual(starts(frame).map((_, at) => at + 2));
      expect(reasons(block)).toEqual([expect.stringContaining('--stamps start')]);
      expect(block.refused[0]).toMatchObject({ status: 422, code: 1204 });
    },
  );

  it.each(FRAMES)('a day of minute bars is shifted to its ends with stamps=start, bars of %d minutes', (frame) => {
    const block = read(lines(starts(frame)), frame, { stamps: 'start' });
    expect([times(block), block.refused]).toEqual([ends(frame).map(clock), []]);
  });

  it.each(FRAMES)(
    'a day of minute bars is refused with stamps=start when it is stamped at its ends, bars of %d minutes',
    (frame) => {
      const block = read(lines(ends(frame)), frame, { stamps: 'start' });
      expect(block.minute.size).toBe(0);
      expect(reasons(block)).toEqual([expect.stringContaining('leave stamps=start (--stamps start) out')]);
    },
  );

  it.each([
    ['a whole day', ends(1)],
    ['a day without a trade in the last minute of the morning', ends(1).filter((minute) => minute !== 690)],
    ['the morning', ends(1).filter((minute) => minute <= 690)],
    ['a day of few trades', [600, 700 - 30, 850, 900]],
  ])(
    'a day of minute bars is refused with stamps=start when only the auction of its opening has 09:30: %s',
    (_, minutes) => {
      const block = read(withAuction(lines([570, ...minutes])), 1, { stamps: 'start' });
      expect(block.minute.size).toBe(0);
      expect(block.refused).toHaveLength(minutes.length + 1);
      expect(reasons(block)).toEqual([expect.stringContaining('leave stamps=start (--stamps start) out')]);
    },
  );

  it.each([
    ['trades at 09:30', [570, ...ends(1)], (body: string[]) => body],
    ['one price at 09:30 and a bar of 13:00', [...starts(1), 900], withAuction],
  ])('loses only what starts no bar with stamps=start when it has %s', (_, minutes, change) => {
    const block = read(change(lines(minutes)), 1, { stamps: 'start' });
    expect(block.refused.map(({ id }) => id.slice(-5))).toEqual(
      minutes.filter((minute) => [690, 900].includes(minute)).map(clock),
    );
    expect(reasons(block)).toEqual([expect.stringContaining('time is not the start of a bar')]);
  });

  it('a day of minute bars is refused with stamps=start as the days around it are when all it shows is the auction', () => {
    const body = [...withAuction(lines([570, ...ends(1).slice(0, 60)], '2024-07-04')), ...lines(ends(1).slice(60))];
    expect(read(body, 1, { stamps: 'start' })).toMatchObject({ minute: { size: 0 }, refusedFrames: new Set([1]) });
  });

  it.each(FRAMES)('loses only its line of 13:00 when that stands for 11:30, bars of %d minutes', (frame) => {
    const body = lines(ends(frame).map((minute) => (minute === 690 ? 780 : minute)));
    const block = read(body, frame);
    expect(times(block)).toEqual(
      ends(frame)
        .filter((minute) => minute !== 690)
        .map(clock),
    );
    expect(reasons(block)).toEqual([expect.stringContaining('format=tdx')]);
  });

  it('a day of minute bars has 13:00 for 11:30 in an export of TDX, and is stored whole', () => {
    const header = '688981 中芯国际 5分钟线 不复权\n日期 时间 开盘 最高 最低 收盘 成交量 成交额';
    const body = ends(5)
      .map((minute) => clock(minute === 690 ? 780 : minute).replace(':', ''))
      .map((time) => `2024/07/05 ${time} 10 11 9 10 100 1000.00`);
    const block = read(body, 5, { header, dialect: 'tdx', symbol: '688981.SH' });
    expect([times(block), block.refused]).toEqual([ends(5).map(clock), []]);
  });

  it('keeps the rows of the opening auction beside the first bar', () => {
    const body = withAuction(lines([565, 570, ...ends(1)]));
    expect(times(read(body, 1)).slice(0, 3)).toEqual(['09:25', '09:30', '09:31']);
    const started = read(lines([565, ...starts(1)]), 1, { stamps: 'start' });
    expect(times(started).slice(0, 2)).toEqual(['09:25', '09:31']);
  });

  it.each([
    ['breaks off at 14:50', ends(1).filter((minute) => minute <= 890)],
    ['breaks off at 14:59', ends(1).filter((minute) => minute < 900)],
    ['breaks off at 14:50 and begins with the auction', [570, ...ends(1).filter((minute) => minute <= 890)]],
    ['begins after lunch', ends(1).filter((minute) => minute > 800)],
    ['is one bar', [571]],
    ['is the auction', [570]],
    ['is the last bar', [900]],
    ['has few trades', [570, 575, 601, 700 - 30, 782, 850, 880]],
  ])('a day of minute bars is stored when it %s', (_, minutes) => {
    const block = read(withAuction(lines(minutes)), 1);
    expect([times(block), block.refused]).toEqual([minutes.map(clock), []]);
  });

  it.each([
    ['the morning', [...starts(1).filter((minute) => minute < 690)]],
    ['the first minute', [570]],
    ['the first two minutes', [570, 571]],
    ['all but the last minute of the morning', [...starts(1).filter((minute) => minute < 689)]],
    ['the afternoon', [...starts(1).filter((minute) => minute >= 780)]],
    ['the beginning of the afternoon', [...starts(1).filter((minute) => minute >= 780 && minute < 800)]],
    ['a day without a trade at 09:30', [...starts(1).slice(1)]],
    ['a day without a trade at 13:00', [...starts(1).filter((minute) => minute !== 780)]],
  ])('a day of minute bars is refused when a part of it shows starts: %s', (_, minutes) => {
    const block = read(lines(minutes), 1);
    expect(block.minute.size).toBe(0);
    expect(block.refused).toHaveLength(minutes.length);
  });

  it('a day of minute bars is refused as the other instruments of its file are when only the row of 09:30 shows starts', () => {
    const body = [570, 571].flatMap((minute) => [
      ...lines([minute]),
      ...withAuction(lines([minute], '2024-07-05', '600000')),
    ]);
    const block = read(body, 1);
    expect(block.refused.map(({ line, message }) => [line, message])).toEqual(
      [2, 3, 4, 5].map((line) => [line, expect.stringContaining('--stamps start')]),
    );
  });

  it('a day of minute bars is refused as the days around it are when a block holds only a part of it that shows nothing', () => {
    const body = [
      ...lines(starts(1).slice(200), '2024-07-04'),
      ...lines(starts(1), '2024-07-05'),
      ...lines(starts(1).slice(0, 50), '2024-07-08'),
      ...lines(ends(1), '2024-07-08', '600000'),
    ];
    const block = read(body, 1);
    expect(block.minute.size).toBe(240);
    expect(block.refused).toHaveLength(40 + 240 + 50);
  });

  it('a day of minute bars is refused with stamps=start as the days around it are when a block holds only a part of it that shows nothing', () => {
    const body = [
      ...lines(ends(1).slice(30, 100), '2024-07-04'),
      ...lines(ends(1), '2024-07-05'),
      ...lines(ends(1).slice(0, 50), '2024-07-08'),
      ...lines(starts(1), '2024-07-08', '600000'),
    ];
    const block = read(body, 1, { stamps: 'start' });
    expect(block.minute.size).toBe(240);
    expect(block.refused).toHaveLength(70 + 240 + 50);
    expect([...block.refusedFrames]).toEqual([1]);
  });

  it.each<['start' | 'end', (frame: number) => number[], (frame: number) => number[]]>([
    ['end', starts, ends],
    ['start', ends, starts],
  ])(
    'a day of minute bars is refused where earlier blocks of its file were, unless it shows the opposite, with stamps=%s',
    (stamps, wrong, right) => {
      const part = lines(wrong(1).slice(150, 230));
      expect(read(part, 1, { stamps })).toMatchObject({ refused: [], refusedFrames: new Set() });
      const block = read([...part, ...lines(right(1), '2024-07-05', '600000')], 1, {
        stamps,
        refusedFrames: new Set([1]),
      });
      expect(block.refused.map(({ line }) => line)).toEqual(part.map((_, at) => at + 2));
      expect([block.minute.size, reasons(block), [...block.refusedFrames]]).toEqual([
        240,
        [expect.stringContaining('stamps=start')],
        [1],
      ]);
      expect(read(part, 1, { stamps, refusedFrames: new Set([5]) }).refused).toEqual([]);
    },
  );

  it('gives the last line of two that are the same bar once they are shifted', () => {
    const body = [...lines(starts(1)), '688981,SSE,2024-07-05,09:30,20,20,20,20,7'];
    const { minute } = read(body, 1, { stamps: 'start' });
    expect([minute.distinct, minute.size]).toEqual([240, 241]);
    const kept = minute.stored().find((row) => barPlace(minute.keyOf(row)).time === '09:31') ?? 0;
    expect(minute.cells(kept).slice(3)).toEqual(['20', '20', '20', '20', '7', String.raw`\N`]);
  });

  it('a day of minute bars is not shifted out of its sessions', () => {
    const { refused, minute } = read(lines([690, 900, 905, 560, 571]), 1, { stamps: 'start' });
    expect(minute.size).toBe(0);
    expect(refused).toHaveLength(5);
  });
});
