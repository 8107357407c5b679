import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '@mystocks/telemetry';
import { SilenceDetector } from './silence-detector.js';

let silence: SilenceDetector;
let changes: boolean[];
let stalls: boolean[];
let nowMs: number;

beforeEach(() => {
  changes = [];
  stalls = [];
  nowMs = 0;
  silence = new SilenceDetector();
  silence.onStall((stalled) => stalls.push(stalled));
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
  it('considers a service silent 1.5 s after its last heartbeat until the next one', () => {
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

  it('waits 1.5 s from connecting before a service without any heartbeat is silent', () => {
    pass(5_000, { connected: false });
    pass(1_500, { cache: false });
    expect(changes).toEqual([]);
    pass(500, { cache: false });
    expect(changes).toEqual([true]);
  });

  it('waits 1.5 s from the first question about a service before it is silent', () => {
    pass(5_000);
    expect(silence.isSilent('auth')).toBe(false);
    pass(1_500);
    expect(silence.isSilent('auth')).toBe(false);
    pass(500);
    expect(silence.isSilent('auth')).toBe(true);
  });

  it('does not consider a service silent because this process was held up', () => {
    pass(5_000);
    nowMs += 10_000;
    pass(1_250, { cache: false });
    expect(changes).toEqual([]);
    pass(500);
    expect(changes).toEqual([]);
  });

  it('does not consider a service silent because this process was disconnected, and keeps its earlier result', () => {
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

  it('stays stalled while held up or disconnected, until its own heartbeat comes back', () => {
    pass(5_000);
    pass(2_500, { own: false, cache: false });
    nowMs += 10_000;
    pass(500, { own: false, cache: false });
    pass(500, { connected: false });
    expect([silence.isStalled, stalls]).toEqual([true, [true]]);
    pass(500);
    expect([silence.isStalled, stalls]).toEqual([false, [true, false]]);
  });

  it('logs changes of every service that was asked about', () => {
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

  it('reports a stalled bus instead of silent services, and its end', () => {
    pass(5_000);
    pass(10_000, { own: false, cache: false });
    expect(changes).toEqual([]);
    expect([silence.isStalled, stalls]).toEqual([true, [true]]);
    pass(500, { cache: false });
    pass(1_000, { cache: false });
    expect(changes).toEqual([]);
    pass(5_000);
    expect({ changes, stalls }).toEqual({ changes: [], stalls: [true, false] });
    expect(silence.isStalled).toBe(false);
  });
});

it('logs one line when a service becomes silent or the bus stalls and one when it is over', () => {
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
