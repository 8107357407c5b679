// The engine where k6 is absent: autocannon sends the same mix from a closed loop of callers. A process of its own, told
// by the same environment as the k6 scripts (load/k6.js) and answering with the same figures.
import autocannon from 'autocannon';
import { readFileSync, writeFileSync } from 'node:fs';
import { kindsOf, nextAsk, type Ask, type MixName, type World } from '../../load/mixes.ts';
import { spreadOf, type Figures } from './figures.ts';

const GIVE_UP_S = 15;
const NO_ANSWER = '0';

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this is started by npm run load`);
  return value;
}

const mix = setting('MIX') as MixName;
const world = JSON.parse(readFileSync(setting('WORLD'), 'utf8')) as World;

const statuses: Record<string, number> = {};
const acceptedMs: number[] = [];
const refusedMs: number[] = [];
const kinds = new Map<string, number[]>(kindsOf(mix).map((kind) => [kind, []]));
let refusedWithoutRetryAfter = 0;
let failed = 0;

interface Sent {
  readonly kind: string;
  readonly startedAt: number;
}

function note({ kind, startedAt }: Sent, status: number, headers: Readonly<Record<string, string>>): void {
  const tookMs = performance.now() - startedAt;
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status >= 200 && status < 400) {
    acceptedMs.push(tookMs);
    kinds.get(kind)?.push(tookMs);
  } else if (status === 503) {
    refusedMs.push(tookMs);
    if (!Object.keys(headers).some((name) => name.toLowerCase() === 'retry-after')) refusedWithoutRetryAfter += 1;
  } else failed += 1;
}

const headersOf = ({ token, type }: Ask): Record<string, string> => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(type !== undefined && { 'content-type': type }),
});

let turn = 0;
const result = await autocannon({
  url: setting('URL'),
  connections: Number(setting('CALLERS')),
  duration: Number(setting('SECONDS')),
  timeout: GIVE_UP_S,
  requests: [
    {
      setupRequest: (request, context) => {
        turn += 1;
        const ask = nextAsk(mix, { world, caller: turn, nowMs: Date.now(), random: Math.random });
        context['sent'] = { kind: ask.kind, startedAt: performance.now() } satisfies Sent;
        const { method, path, body } = ask;
        return { ...request, method, path, headers: headersOf(ask), ...(body !== undefined && { body }) };
      },
      onResponse: (status, _body, context, headers) => {
        note(context['sent'] as Sent, status, headers);
      },
    },
  ],
});
if (result.errors > 0) statuses[NO_ANSWER] = result.errors;

const figures: Figures = {
  engine: 'autocannon',
  seconds: result.duration,
  useful: acceptedMs.length,
  statuses,
  accepted: spreadOf(acceptedMs),
  refused: spreadOf(refusedMs),
  refusedWithoutRetryAfter,
  failed: failed + result.errors,
  notSent: 0,
  kinds: Object.fromEntries([...kinds].map(([kind, durationsMs]) => [kind, spreadOf(durationsMs)])),
  broken: [],
};
writeFileSync(setting('SUMMARY'), JSON.stringify(figures));
