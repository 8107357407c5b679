import { describe, expect, it } from '@jest/globals';
import { columnArrays } from './column-arrays.js';

const columnsOf = (text: string): string[] => columnArrays(Buffer.from(text)).arrays.map(String);

describe('rows as arrays', () => {
  it('rows as arrays are one array a column, with NULL for what is not there', () => {
    const text = '1\t2024-01-02\t10.00\t\\N\n22\t2024-01-03\t9.5\t7\n3\t2024-01-04\t\\N\t\\N\n';
    expect(columnsOf(text)).toEqual([
      '{1,22,3}',
      '{2024-01-02,2024-01-03,2024-01-04}',
      '{10.00,9.5,NULL}',
      '{NULL,7,NULL}',
    ]);
  });

  it('rows as arrays are none without a row', () => {
    expect(columnsOf('')).toEqual([]);
  });
});
