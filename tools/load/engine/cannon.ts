// The engine where k6 is absent: autocannon sends the same mix from a closed loop of callers, node's own client that of
// callers who think in between. A process of its own, configured by the same environment as the k6 scripts (load/k6.js) and
// answering with the same figures.
import autocannon from 'autocannon';
import { readFileSync, writeFileSync } from 'node:fs';
import { kindsOf, nextAsk, worldFor, type Ask, type MixName, type World } from '../../../load/mixes.ts';
import { spreadOf, type Figures } from '../figures.ts';
import { runPaced } from './paced.ts';

const GIVE_UP_S = 15;
const NO_ANSWER = '0';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this is started by npm run load`);
  return value;
}

const mix = setting('MIX') as MixName;
const world = worldFor(mix, JSON.parse(readFileSync(setting('WORLD'), 'utf8')) as World);

const statuses: Record<string, number> = {};
const acceptedMs: number[] = [];
const refusedMs: number[] = [];
const kinds = new Map<string, number[]>(kindsOf(mix).map((kind) => [kind, []]));
const caches: Record<string, number> = {};
let refusedWithoutRetryAfter = 0;
let failed = 0;

function note({ kind }: Ask, status: number, headers: Headers, tookMs: number): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status >= 200 && status < 400) {
    acceptedMs.push(tookMs);
    kinds.get(kind)?.push(tookMs);
    const cache = headerOf(headers, 'x-cache');
    if (cache !== undefined) caches[cache] = (caches[cache] ?? 0) + 1;
  } else if (status === 429 || status === 503) {
    refusedMs.push(tookMs);
    if (headerOf(headers, 'retry-after') === undefined) refusedWithoutRetryAfter += 1;
  } else failed += 1;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** autocannon leaves names as they were sent. */
function headerOf(headers: Headers, wanted: string): string | undefined {
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted) ?? [];
  return typeof value === 'string' ? value : undefined;
}

const headersOf = ({ token, type }: Ask): Record<string, string> => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(type !== undefined && { 'content-type': type }),
});

const next = (caller: number): Ask => nextAsk(mix, { world, caller, nowMs: Date.now(), random: Math.random });

const url = setting('URL');
const callers = Number(setting('CALLERS'));
const wantedS = Number(setting('SECONDS'));
const everyMs = process.env['EVERY_MS'];
const seconds = everyMs === undefined ? await closedLoop() : await paced(Number(everyMs));

interface Sent {
  readonly ask: Ask;
  readonly startedAt: number;
}

async function closedLoop(): Promise<number> {
  let turn = 0;
  const { errors, duration } = await autocannon({
    url,
    connections: callers,
    duration: wantedS,
    timeout: GIVE_UP_S,
    requests: [
      {
        setupRequest: (request, context) => {
          turn += 1;
          const ask = next(turn);
          context['sent'] = { ask, startedAt: performance.now() } satisfies Sent;
          const { method, path, body } = ask;
          return { ...request, method, path, headers: headersOf(ask), ...(body !== undefined && { body }) };
        },
        onResponse: (status, _body, context, headers) => {
          const { ask, startedAt } = context['sent'] as Sent;
          note(ask, status, headers, performance.now() - startedAt);
        },
      },
    ],
  });
  if (errors > 0) statuses[NO_ANSWER] = errors;
  failed += errors;
  return duration;
}

async function paced(pause: number): Promise<number> {
  await runPaced({
    ...{ url, callers, seconds: wantedS, everyMs: pause, giveUpMs: GIVE_UP_S * 1_000 },
    ...{ next, headersOf, answered: note },
  });
  return wantedS;
}

const figures: Figures = {
  engine: 'autocannon',
  seconds,
  useful: acceptedMs.length,
  statuses,
  accepted: spreadOf(acceptedMs),
  refused: spreadOf(refusedMs),
  refusedWithoutRetryAfter,
  failed,
  notSent: 0,
  kinds: Object.fromEntries([...kinds].map(([kind, durationsMs]) => [kind, spreadOf(durationsMs)])),
  caches,
  broken: [],
};
writeFileSync(setting('SUMMARY'), JSON.stringify(figures));
