import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '@mystocks/telemetry';
import { SilenceDetector } from './silence-detector.js';

let silence: SilenceDetector;
let changes: boolean[];
let deaf: boolean[];
let nowMs: number;

beforeEach(() => {
  changes = [];
  deaf = [];
  nowMs = 0;
  silence = new SilenceDetector();
  silence.onDeafness((is) => deaf.push(is));
  silence.onSilence('cache', (silent) => changes.push(silent));
});

/** Time passes as on the real bus: a look every 250 ms, beats every 500. */
function pass(ms: number, { cache = true, own = true, connected = true } = {}): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    nowMs += 250;
    silence.check(nowMs, connected);
    if (nowMs % 500 !== 0 || !connected) continue;
    if (own) silence.received('gateway', true, nowMs);
    if (cache) silence.received('cache', false, nowMs);
  }
}

describe('SilenceDetector', () => {
  it('finds a service silent 1.5 s after its last beat, and not any more with the next', () => {
    pass(5_000);
    pass(1_500, { cache: false });
    expect(silence.isSilent('cache')).toBe(false);
    pass(250, { cache: false });
    expect(silence.isSilent('cache')).toBe(true);
    pass(5_000, { cache: false });
    pass(500);
    expect(silence.isSilent('cache')).toBe(false);
    expect(changes).toEqual([true, false]);
  });

  it('gives one it never heard 1.5 s from when it could', () => {
    pass(5_000, { connected: false });
    pass(1_500, { cache: false });
    expect(changes).toEqual([]);
    pass(500, { cache: false });
    expect(changes).toEqual([true]);
  });

  it('gives one it is first asked about now 1.5 s as well', () => {
    pass(5_000);
    expect(silence.isSilent('auth')).toBe(false);
    pass(1_500);
    expect(silence.isSilent('auth')).toBe(false);
    pass(500);
    expect(silence.isSilent('auth')).toBe(true);
  });

  it('does not take its own stall for silence', () => {
    pass(5_000);
    nowMs += 10_000;
    pass(1_250, { cache: false });
    expect(changes).toEqual([]);
    pass(500);
    expect(changes).toEqual([]);
  });

  it('does not take its own lost connection for silence, and keeps what it knew', () => {
    pass(5_000);
    pass(5_000, { connected: false });
    pass(1_000, { cache: false });
    expect(changes).toEqual([]);
    pass(2_000, { cache: false });
    expect(changes).toEqual([true]);
    pass(5_000, { connected: false });
    pass(500, { cache: false });
    expect(silence.isSilent('cache')).toBe(true);
  });

  it('stays deaf over a stall of its own and a lost connection, until it hears itself', () => {
    pass(5_000);
    pass(2_500, { own: false, cache: false });
    nowMs += 10_000;
    pass(500, { own: false, cache: false });
    pass(500, { connected: false });
    expect([silence.isDeaf, deaf]).toEqual([true, [true]]);
    pass(500);
    expect([silence.isDeaf, deaf]).toEqual([false, [true, false]]);
  });

  it('tells of every service that is asked about, for the log', () => {
    const log: [string, boolean][] = [];
    const write =
      (silent: boolean) =>
      (fields: { silent: string }): number =>
        log.push([fields.silent, silent]);
    silence.logTo({ warn: write(true), info: write(false) } as unknown as Logger);
    silence.isSilent('auth');
    pass(5_000);
    pass(5_000, { cache: false });
    pass(500);
    expect(log).toEqual([
      ['auth', true],
      ['cache', true],
      ['cache', false],
    ]);
  });

  it('does not take a bus that carries nothing for silence, but tells that it is deaf, and when it hears again', () => {
    pass(5_000);
    pass(10_000, { own: false, cache: false });
    expect(changes).toEqual([]);
    expect([silence.isDeaf, deaf]).toEqual([true, [true]]);
    pass(500, { cache: false });
    pass(1_000, { cache: false });
    expect(changes).toEqual([]);
    pass(5_000);
    expect({ changes, deaf }).toEqual({ changes: [], deaf: [true, false] });
    expect(silence.isDeaf).toBe(false);
  });
});

it('SilenceDetector logs one line when a service becomes silent or the bus stalls and one when it is over', () => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...args: unknown[]): void => {
      lines.push(`${level} ${JSON.stringify(args)}`);
    };
  const detector = new SilenceDetector();
  detector.logTo({ warn: write('warn'), info: write('info') } as unknown as Logger);
  detector.isSilent('cache');
  for (let timeMs = 0; timeMs <= 60_000; timeMs += 250) {
    detector.check(timeMs, true);
    if (timeMs < 20_000 || timeMs > 40_000) detector.received('gateway', true, timeMs);
    if (timeMs > 50_000) detector.received('cache', false, timeMs);
  }
  expect(lines).toEqual([
    'warn [{"silent":"cache"},"a service is silent: no heartbeat of any instance for 1.5 s"]',
    'warn ["the bus is connected but carries nothing: our own heartbeat does not come back"]',
    'info ["the bus carries messages again"]',
    'info [{"silent":"cache"},"a silent service sends heartbeats again"]',
  ]);
});
