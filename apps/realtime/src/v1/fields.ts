/** Field names of the original's stream, from those of a quote. */
const names: Readonly<Record<string, string>> = {
  last: 'price',
  v: 'volume',
  amt: 'amount',
  open: 'open',
  high: 'high',
  low: 'low',
  prev_close: 'pre_close',
  bids: 'bids',
  asks: 'asks',
  t: 'timestamp',
  simulated: 'simulated',
};
/** What a subscriber that names no fields gets, as in the original. */
const usual: readonly string[] = ['price', 'volume', 'timestamp'];

/** The fields a client asked for, sorted and without repetition, so that equal wishes share one message. */
export function wishOf(fields: readonly string[] | undefined): string[] {
  return [...new Set(fields === undefined || fields.length === 0 ? usual : fields)].sort();
}

/** A quote in the original's words, cut to the fields wished for. Absent values stay absent. */
export function cut(value: object, fields: readonly string[]): Record<string, unknown> {
  const renamed = Object.entries(value).flatMap(([name, one]): [string, unknown][] => {
    const old = Object.hasOwn(names, name) ? names[name] : undefined;
    return old === undefined || !fields.includes(old) ? [] : [[old, one]];
  });
  return Object.fromEntries(renamed);
}
