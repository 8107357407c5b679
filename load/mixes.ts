// What callers ask for. Pure, and the same for both engines: k6 and autocannon take their requests from here.

/** Facts about the system under load, made by `tools/load/world.ts` and handed to the engine as a file. */
export interface World {
  /** May read and write everything. */
  readonly adminToken: string;
  /** Accounts of ordinary users, with a token each. */
  readonly people: readonly { readonly username: string; readonly password: string; readonly token: string }[];
  /** Registered; the first `stored` of them have a bar on every one of `days`. */
  readonly symbols: readonly string[];
  readonly stored: number;
  readonly days: readonly string[];
}

/** One request. `kind` names it in reports. */
export interface Ask {
  readonly kind: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly type?: string;
  readonly body?: string;
}

/** Who asks: callers are numbered from 0 and ask one thing at a time. */
export interface Asker {
  readonly world: World;
  readonly caller: number;
  readonly nowMs: number;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
}

/** How many connections callers who ask at a pace of their own open in a second. */
const OPENED_A_SECOND = 500;

/** When such a caller asks first: as users come, not all in one moment. */
export const firstAskMs = (callers: number, everyMs: number, random: () => number): number =>
  random() * Math.max(everyMs, (callers / OPENED_A_SECOND) * 1_000);

type Kind = (asker: Asker) => Ask;

const BATCH_LINES = 50;
const SYMBOLS_AT_ONCE = 3;
const HOT = 20;

const below = ({ random }: Asker, limit: number): number => Math.floor(random() * limit);
const oneOf = <T>(asker: Asker, list: readonly T[]): T => list[below(asker, list.length)] as T;
const personOf = ({ world, caller }: Asker): World['people'][number] =>
  world.people[caller % world.people.length] as World['people'][number];
const storedSymbol = (asker: Asker): string => oneOf(asker, asker.world.symbols.slice(0, asker.world.stored));

/** Two random ends and a random limit: so many windows that no cache has met this one. */
function window(asker: Asker): string {
  const { days } = asker.world;
  const first = below(asker, days.length - 20);
  const last = first + 10 + below(asker, days.length - first - 10);
  return `start=${String(days[first])}&end=${String(days[last])}&limit=${String(10 + below(asker, 20))}`;
}

const kinds = {
  'bars, not cached': (asker) => ({
    kind: 'bars, not cached',
    method: 'GET',
    path: `/api/v2/stocks/${storedSymbol(asker)}/bars?timeframe=1Day&${window(asker)}`,
    token: personOf(asker).token,
  }),
  'bars of 3, not cached': (asker) => ({
    kind: 'bars of 3, not cached',
    method: 'GET',
    path: `/api/v2/stocks/bars?symbols=${Array.from({ length: SYMBOLS_AT_ONCE }, () => storedSymbol(asker)).join(',')}&${window(asker)}`,
    token: personOf(asker).token,
  }),
  snapshots: (asker) => ({
    kind: 'snapshots',
    method: 'GET',
    path: `/api/v2/stocks/snapshots?symbols=${Array.from({ length: SYMBOLS_AT_ONCE }, () => storedSymbol(asker)).join(',')}`,
    token: personOf(asker).token,
  }),
  'bars, cached': (asker) => ({
    kind: 'bars, cached',
    method: 'GET',
    path: `/api/v2/stocks/${String(asker.world.symbols[below(asker, HOT)])}/bars?timeframe=1Day&limit=20`,
    token: personOf(asker).token,
  }),
  'snapshot, cached': (asker) => ({
    kind: 'snapshot, cached',
    method: 'GET',
    path: `/api/v2/stocks/snapshots?symbols=${String(asker.world.symbols[below(asker, HOT)])}`,
    token: personOf(asker).token,
  }),
  'symbol, cached': (asker) => ({
    kind: 'symbol, cached',
    method: 'GET',
    path: `/api/v2/symbols/${String(asker.world.symbols[below(asker, HOT)])}`,
    token: personOf(asker).token,
  }),
  me: (asker) => ({ kind: 'me', method: 'GET', path: '/api/v2/auth/me', token: personOf(asker).token }),
  login: (asker) => {
    const { username, password } = oneOf(asker, asker.world.people);
    return json('login', '/api/v2/auth/token', { grant_type: 'password', username, password });
  },
  // Each caller feeds a symbol of its own, so that no quote is older than the one before.
  'quote written': (asker) => ({
    ...json('quote written', '/api/v2/quotes', {
      symbol: asker.world.symbols[asker.caller % asker.world.symbols.length],
      t: new Date(asker.nowMs).toISOString(),
      last: price(asker),
      simulated: true,
    }),
    token: asker.world.adminToken,
  }),
  'batch written': (asker) => {
    const symbol = storedSymbol(asker);
    const first = below(asker, asker.world.days.length - BATCH_LINES);
    const lines = asker.world.days.slice(first, first + BATCH_LINES).map((day) => barLine(symbol, day, price(asker)));
    return {
      kind: 'batch written',
      method: 'POST',
      path: '/api/v2/batch/bars',
      type: 'text/csv',
      body: [BAR_HEADER, ...lines, ''].join('\n'),
      token: asker.world.adminToken,
    };
  },
} satisfies Record<string, Kind>;

export const BAR_HEADER = 'code,exchange,date,open,high,low,close,volume';

/** A made-up bar for a system that is thrown away afterwards. */
export const barLine = (symbol: string, day: string, price: number): string =>
  `${symbol.slice(0, 6)},SSE,${day},${price},${price},${price},${price},1000`;

const price = (asker: Asker): number => (1_000 + below(asker, 1_000)) / 100;
const json = (kind: string, path: string, body: object): Ask => ({
  kind,
  method: 'POST',
  path,
  type: 'application/json',
  body: JSON.stringify(body),
});

type Mix = Readonly<Partial<Record<keyof typeof kinds, number>>>;

/** Of a thousand requests, how many are of which kind. */
const mixes = {
  /** Every service and every pool. */
  pools: {
    'bars, not cached': 450,
    'bars of 3, not cached': 80,
    snapshots: 70,
    'bars, cached': 200,
    me: 100,
    'quote written': 80,
    'batch written': 18,
    login: 2,
  },
  /** What most users look at most of the time: the same few symbols. */
  connections: { 'bars, cached': 600, 'snapshot, cached': 250, 'symbol, cached': 150 },
  /** Only what must reach PostgreSQL. */
  overload: { 'bars, not cached': 1_000 },
} satisfies Record<string, Mix>;

export type MixName = keyof typeof mixes;

/** What a mix needs of the world: each of k6's callers has a copy of its own, and thousands of large ones cost it seconds. */
export const worldFor = (mix: MixName, world: World): World =>
  mix === 'connections' ? { ...world, symbols: world.symbols.slice(0, HOT), stored: HOT, days: [] } : world;

export const kindsOf = (mix: MixName): string[] => Object.keys(mixes[mix]);

/** The next request of a caller. */
export function nextAsk(mix: MixName, asker: Asker): Ask {
  let place = asker.random() * 1_000;
  for (const [kind, share] of Object.entries(mixes[mix]) as [keyof typeof kinds, number][]) {
    place -= share;
    if (place < 0) return kinds[kind](asker);
  }
  return kinds['bars, not cached'](asker);
}
