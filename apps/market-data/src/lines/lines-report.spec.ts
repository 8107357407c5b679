import { expect, it } from '@jest/globals';
import { remarksOfList } from './lines-report.js';
import { refusals } from './refusals.js';

it('lists the lines of a list that a later line about the same replaces', () => {
  const lines = ['600519.SH', '600000.SH', '600519.SH', '600519.SH'].map((id, at) => ({ line: at + 2, id }));
  expect(remarksOfList(lines)).toEqual({
    superseded: {
      count: 2,
      lines: [
        { line: 2, by: 4 },
        { line: 4, by: 5 },
      ],
    },
  });
  expect(remarksOfList(lines.slice(0, 2))).toEqual({});
  expect(remarksOfList([...lines.slice(0, 2), { line: 4, id: '600519.SH', refusal: refusals.code }])).toEqual({});
});
