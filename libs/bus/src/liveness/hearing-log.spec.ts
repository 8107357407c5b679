import { expect, it } from '@jest/globals';
import type { Logger } from '@mystocks/telemetry';
import { logHearing } from './hearing-log.js';
import { Hearing } from './hearing.js';

it('one line says that a service is silent or the bus carries nothing, one that it is over, however long it was', () => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...said: unknown[]): void => {
      lines.push(`${level} ${JSON.stringify(said)}`);
    };
  const hearing = new Hearing();
  logHearing(hearing, { warn: write('warn'), info: write('info') } as unknown as Logger);
  hearing.isSilent('cache');
  for (let nowMs = 0; nowMs <= 60_000; nowMs += 250) {
    hearing.look(nowMs, true);
    if (nowMs < 20_000 || nowMs > 40_000) hearing.heard('gateway', true, nowMs);
    if (nowMs > 50_000) hearing.heard('cache', false, nowMs);
  }
  expect(lines).toEqual([
    'warn [{"silent":"cache"},"a service is silent: it is done without where that is possible"]',
    'warn ["the bus is connected but carries nothing: not even our own beat comes back"]',
    'info ["the bus carries messages again"]',
    'info [{"silent":"cache"},"a service that was silent is heard again"]',
  ]);
});
