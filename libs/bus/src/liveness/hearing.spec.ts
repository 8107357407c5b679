import { beforeEach, describe, expect, it } from '@jest/globals';
import { Hearing } from './hearing.js';

let hearing: Hearing;
let told: boolean[];
let deaf: boolean[];
let nowMs: number;

beforeEach(() => {
  told = [];
  deaf = [];
  nowMs = 0;
  hearing = new Hearing();
  hearing.onDeafness((is) => deaf.push(is));
  hearing.onSilence('cache', (silent) => told.push(silent));
});

/** Time passes as on the real bus: a look every 250 ms, beats every 500. */
function pass(ms: number, { cache = true, own = true, connected = true } = {}): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    nowMs += 250;
    hearing.look(nowMs, connected);
    if (nowMs % 500 !== 0 || !connected) continue;
    if (own) hearing.heard('gateway', true, nowMs);
    if (cache) hearing.heard('cache', false, nowMs);
  }
}

describe('Hearing', () => {
  it('finds a service silent 1.5 s after its last beat, and not any more with the next', () => {
    pass(5_000);
    pass(1_500, { cache: false });
    expect(hearing.isSilent('cache')).toBe(false);
    pass(250, { cache: false });
    expect(hearing.isSilent('cache')).toBe(true);
    pass(5_000, { cache: false });
    pass(500);
    expect(hearing.isSilent('cache')).toBe(false);
    expect(told).toEqual([true, false]);
  });

  it('gives one it never heard 1.5 s from when it could', () => {
    pass(5_000, { connected: false });
    pass(1_500, { cache: false });
    expect(told).toEqual([]);
    pass(500, { cache: false });
    expect(told).toEqual([true]);
  });

  it('gives one it is first asked about now 1.5 s as well', () => {
    pass(5_000);
    expect(hearing.isSilent('auth')).toBe(false);
    pass(1_500);
    expect(hearing.isSilent('auth')).toBe(false);
    pass(500);
    expect(hearing.isSilent('auth')).toBe(true);
  });

  it('does not take its own stall for silence', () => {
    pass(5_000);
    nowMs += 10_000;
    pass(1_250, { cache: false });
    expect(told).toEqual([]);
    pass(500);
    expect(told).toEqual([]);
  });

  it('does not take its own lost connection for silence, and keeps what it knew', () => {
    pass(5_000);
    pass(5_000, { connected: false });
    pass(1_000, { cache: false });
    expect(told).toEqual([]);
    pass(2_000, { cache: false });
    expect(told).toEqual([true]);
    pass(5_000, { connected: false });
    pass(500, { cache: false });
    expect(hearing.isSilent('cache')).toBe(true);
  });

  it('stays deaf over a stall of its own and a lost connection, until it hears itself', () => {
    pass(5_000);
    pass(2_500, { own: false, cache: false });
    nowMs += 10_000;
    pass(500, { own: false, cache: false });
    pass(500, { connected: false });
    expect([hearing.isDeaf, deaf]).toEqual([true, [true]]);
    pass(500);
    expect([hearing.isDeaf, deaf]).toEqual([false, [true, false]]);
  });

  it('tells of every service that is asked about, for the log', () => {
    const log: [string, boolean][] = [];
    hearing.onAnySilence((service, silent) => log.push([service, silent]));
    hearing.isSilent('auth');
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
    expect(told).toEqual([]);
    expect([hearing.isDeaf, deaf]).toEqual([true, [true]]);
    pass(500, { cache: false });
    pass(1_000, { cache: false });
    expect(told).toEqual([]);
    pass(5_000);
    expect({ told, deaf }).toEqual({ told: [], deaf: [true, false] });
    expect(hearing.isDeaf).toBe(false);
  });
});
