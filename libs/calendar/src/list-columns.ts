/** Names that the column of the days may have in a list of trading days. */
export const DATE_COLUMNS: readonly string[] = ['date', 'trade_date', 'cal_date'];
/** What a column of such a list is for, by its name; an export of pandas may number its lines. */
const USES: ReadonlyMap<string, string> = new Map([
  ...DATE_COLUMNS.map((name) => [name, 'date'] as const),
  ...['is_open', 'exchange', 'pretrade_date', 'index'].map((name) => [name, name] as const),
  ['', 'index'],
]);

/**
 * What keeps columns, with names in lower case, from being those of a list of trading days; undefined when nothing
 * does. A file of something else that has a date would close all days that it has no line for.
 */
export function strangeColumn(names: readonly string[]): string | undefined {
  const used = new Set<string>();
  return names.find((name) => {
    const use = USES.get(name);
    if (use === undefined || used.has(use)) return true;
    used.add(use);
    return false;
  });
}
