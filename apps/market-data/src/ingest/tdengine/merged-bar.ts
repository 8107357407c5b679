/** Values of a bar in the order of its columns; null where there is none. */
export type BarValues = readonly (number | null)[];

/** A row that stands in the store. */
export interface StandingBar {
  readonly values: BarValues;
  /** Its write was never committed, so no event was published for it. */
  readonly unsettled: boolean;
  /** Nothing stood there before it. */
  readonly fresh: boolean;
}

export interface MergedBar {
  readonly values: BarValues;
  readonly fresh: boolean;
  readonly outcome: 'inserted' | 'updated' | 'unchanged';
}

/** What becomes of a given bar where `standing` is; a value that is not given is kept. */
export function mergedBar(given: BarValues, standing: StandingBar | undefined): MergedBar {
  if (standing === undefined) return { values: given, fresh: true, outcome: 'inserted' };
  const values = given.map((value, column) => value ?? standing.values[column] ?? null);
  const fresh = standing.unsettled && standing.fresh;
  const differs = values.some((value, column) => value !== standing.values[column]);
  if (!differs && !standing.unsettled) return { values, fresh, outcome: 'unchanged' };
  return { values, fresh, outcome: fresh ? 'inserted' : 'updated' };
}

/** Prices and volume: they are always there. */
const REQUIRED = 5;

/** What becomes of a standing bar that is given only optional values; where none stands, the given one is stored whole. */
export const filledBar = (given: BarValues, standing: StandingBar | undefined): MergedBar =>
  mergedBar(
    standing === undefined ? given : given.map((value, column) => (column < REQUIRED ? null : value)),
    standing,
  );
