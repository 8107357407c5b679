// What every k6 script here shares. Settings come from the environment (tools/load/engine/engine.ts sets them):
//   URL MIX WORLD SUMMARY   the gateway, whose mix, a file with facts about the system, where the figures go
//   SECONDS             how long
//   CALLERS [EVERY_MS]  that many callers, each asking again as soon as it has its answer (or that long after it asked
//                       before), or else
//   RATE                that many requests a second, whether answers come or not
import exec from 'k6/execution';
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { firstAskMs, kindsOf, nextAsk, worldFor } from './mixes.ts';

const { URL: url, MIX, SECONDS, CALLERS, EVERY_MS, RATE, SUMMARY } = __ENV;
const seconds = Number(SECONDS);
const world = worldFor(MIX, JSON.parse(open(__ENV.WORLD)));

const NO_ANSWER = 0;
const STATUSES = [
  NO_ANSWER,
  200,
  201,
  202,
  204,
  207,
  304,
  400,
  401,
  403,
  404,
  408,
  409,
  413,
  422,
  429,
  500,
  502,
  503,
  504,
];
const CACHES = ['l1-hit', 'l2-hit', 'stale', 'miss'];
const GIVE_UP = '15s';
// An open loop needs a caller for every request that is still under way.
const UNDER_WAY_S = 1;

const accepted = new Trend('accepted_ms', true);
// Answers that came while the load was on: what is still under way at its end has been given time that was not measured.
const useful = new Counter('useful');
const refused = new Trend('refused_ms', true);
const refusedWithoutAdvice = new Counter('refused_without_retry_after');
const failed = new Counter('failed');
const statuses = new Map(STATUSES.map((status) => [status, new Counter(`status_${status}`)]));
const otherStatus = new Counter('status_other');
const caches = new Map(CACHES.map((state, index) => [state, new Counter(`cache_${index}`)]));
const kindMetrics = new Map();

/** k6's `options` for a mix; `thresholds` are those of the script. */
export function optionsFor(thresholds) {
  const scenario =
    RATE === undefined
      ? { executor: 'constant-vus', vus: Number(CALLERS), duration: `${seconds}s`, gracefulStop: GIVE_UP }
      : {
          executor: 'constant-arrival-rate',
          rate: Number(RATE),
          timeUnit: '1s',
          duration: `${seconds}s`,
          gracefulStop: GIVE_UP,
          preAllocatedVUs: Math.min(2_000, Math.max(50, Number(RATE) * UNDER_WAY_S)),
          maxVUs: 4_000,
        };
  return {
    scenarios: { all: scenario },
    discardResponseBodies: true,
    systemTags: [],
    summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
    thresholds,
  };
}

/** The function of one caller: asks the next thing of `mix`, and remembers how it went. */
export function askFrom(mix) {
  for (const [index, kind] of kindsOf(mix).entries()) kindMetrics.set(kind, new Trend(`kind_${index}_ms`, true));
  let readAfter;
  let isFirst = true;
  return () => {
    if (EVERY_MS !== undefined && isFirst) sleep(firstAskMs(Number(CALLERS), Number(EVERY_MS), Math.random) / 1_000);
    isFirst = false;
    const startedAt = Date.now();
    const ask = nextAsk(mix, { world, caller: exec.vu.idInTest - 1, nowMs: Date.now(), random: Math.random });
    const headers = {};
    if (ask.token !== undefined) headers.Authorization = `Bearer ${ask.token}`;
    if (ask.type !== undefined) headers['Content-Type'] = ask.type;
    // Whoever wrote reads its own writes from then on.
    if (readAfter !== undefined && ask.method === 'GET') headers['X-Read-After'] = readAfter;
    const response = http.request(ask.method, url + ask.path, ask.body, { headers, timeout: GIVE_UP });
    const position = response.headers['X-Read-After'];
    if (ask.method === 'POST' && position !== undefined) readAfter = position;
    note(ask.kind, response);
    const waitMs = startedAt + Number(EVERY_MS ?? 0) - Date.now();
    if (waitMs > 0) sleep(waitMs / 1_000);
  };
}

function note(kind, { status, headers, timings }) {
  (statuses.get(status) ?? otherStatus).add(1);
  if (status >= 200 && status < 400) {
    accepted.add(timings.duration);
    if (Date.now() <= exec.scenario.startTime + seconds * 1_000) useful.add(1);
    kindMetrics.get(kind).add(timings.duration);
    caches.get(headers['X-Cache'])?.add(1);
  } else if (status === 429 || status === 503) {
    refused.add(timings.duration);
    if (headers['Retry-After'] === undefined) refusedWithoutAdvice.add(1);
  } else failed.add(1);
}

/** Writes the figures in the form of `Figures` (tools/load/figures.ts). */
export function summaryOf(mix) {
  return ({ metrics }) => {
    const count = (name) => metrics[name]?.values.count ?? 0;
    const trend = (name) => {
      const values = metrics[name]?.values;
      return {
        count: values?.count ?? 0,
        p50: values?.med ?? 0,
        p95: values?.['p(95)'] ?? 0,
        p99: values?.['p(99)'] ?? 0,
      };
    };
    const broken = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
      Object.entries(thresholds)
        .filter(([, { ok }]) => !ok)
        .map(([threshold]) => `${name} ${threshold}`),
    );
    const figures = {
      engine: 'k6',
      seconds,
      useful: count('useful'),
      statuses: Object.fromEntries(
        [...STATUSES, 'other'].map((status) => [String(status), count(`status_${status}`)]).filter(([, n]) => n > 0),
      ),
      accepted: trend('accepted_ms'),
      refused: trend('refused_ms'),
      refusedWithoutRetryAfter: count('refused_without_retry_after'),
      failed: count('failed'),
      notSent: count('dropped_iterations'),
      kinds: Object.fromEntries(kindsOf(mix).map((kind, index) => [kind, trend(`kind_${index}_ms`)])),
      caches: Object.fromEntries(
        CACHES.map((state, index) => [state, count(`cache_${index}`)]).filter(([, n]) => n > 0),
      ),
      broken,
    };
    return { [SUMMARY]: JSON.stringify(figures) };
  };
}
