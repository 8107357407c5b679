import { describe, expect, it } from '@jest/globals';
import { mergedBar } from './merged-bar.js';

const settled = { unsettled: false, fresh: true };
const failed = { unsettled: true, fresh: true };

describe('a bar that meets what stands', () => {
  it.each([
    ['inserted', [1, 2], undefined, [1, 2], true],
    ['unchanged', [1, 2], { values: [1, 2], ...settled }, [1, 2], false],
    ['unchanged', [1, null], { values: [1, 2], ...settled }, [1, 2], false],
    ['updated', [3, null], { values: [1, 2], ...settled }, [3, 2], false],
    ['updated', [1, 2], { values: [1, null], ...settled }, [1, 2], false],
    ['inserted', [1, 2], { values: [1, 2], ...failed }, [1, 2], true],
    ['inserted', [3, null], { values: [1, 2], ...failed }, [3, 2], true],
    ['updated', [1, 2], { values: [1, 2], unsettled: true, fresh: false }, [1, 2], false],
  ] as const)('a bar that meets what stands is %s: %j on %j', (outcome, given, standing, values, fresh) => {
    expect(mergedBar(given, standing)).toEqual({ outcome, values, fresh });
  });
});
