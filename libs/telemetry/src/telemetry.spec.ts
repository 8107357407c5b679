import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'prom-client';
import {
  AccessLog,
  currentContext,
  log,
  metrics,
  newContext,
  openLog,
  readingAfter,
  requestIdFrom,
  traceIdOf,
  traceparentFrom,
  withContext,
} from './index.js';

describe('request context', () => {
  it('keeps a well-formed request id and replaces any other', () => {
    expect(requestIdFrom('abc-12345')).toBe('abc-12345');
    for (const bad of ['short', 'x'.repeat(65), 'line\nbreak-1', undefined, 7])
      expect(requestIdFrom(bad)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('continues a trace with a new span and refuses an all-zero or malformed one', () => {
    const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const next = traceparentFrom(given);
    expect(traceIdOf(next)).toBe(traceIdOf(given));
    expect(next.slice(36, 52)).not.toBe(given.slice(36, 52));
    expect(next.endsWith('-01')).toBe(true);
    expect(traceIdOf(traceparentFrom(`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`))).not.toBe('0'.repeat(32));
  });

  it('request context is asked to show a position too, never an earlier one than it was, also where no request is served', () => {
    const within = (readAfter?: string): string | undefined =>
      withContext({ ...newContext(), token: 't', ...(readAfter !== undefined && { readAfter }) }, () =>
        readingAfter('0/A', () => `${currentContext()?.readAfter} ${currentContext()?.token}`),
      );
    expect(within()).toBe('0/A t');
    expect(within('0/9')).toBe('0/A t');
    expect(within('0/B')).toBe('0/B t');
    expect(readingAfter('0/A', currentContext)).toMatchObject({
      readAfter: '0/A',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    });
    expect(readingAfter(undefined, currentContext)).toBeUndefined();
  });

  it('puts the ids on every log line and never a password', () => {
    const lines: string[] = [];
    openLog({ service: 'test', level: 'info' }, { write: (line) => lines.push(line) });
    withContext({ requestId: 'request-1', traceparent: traceparentFrom(undefined) }, () => {
      log.info({ password: 'hunter2' }, 'hello');
    });
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ service: 'test', level: 'info', msg: 'hello', request_id: 'request-1' });
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('the access log', () => {
  it('writes whole JSON lines, whatever the path holds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'access-'));
    const file = join(folder, 'log');
    const access = new AccessLog('gateway', openSync(file, 'w'));
    const ids = { durationMs: 1.234, requestId: 'request-1', traceId: 'a'.repeat(32) };
    access.write({ ...ids, method: 'GET', path: '/a"b\n\u2028', status: 200, userId: undefined, cache: 'l1-hit' });
    access.writeCall({ ...ids, subject: 'svc.a.b.c.v1', outcome: 'ok', userId: 'u1' });
    access.close();
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({
      service: 'gateway',
      msg: 'request',
      path: '/a"b\n\u2028',
      status: 200,
      request_id: 'request-1',
    });
    expect(lines[1]).toMatchObject({
      service: 'gateway',
      msg: 'call',
      subject: 'svc.a.b.c.v1',
      outcome: 'ok',
      user_id: 'u1',
      duration_ms: 1.23,
    });
    rmSync(folder, { recursive: true });
  });
});

describe('fast metrics', () => {
  it('appear in the exposition with cumulative buckets', async () => {
    metrics.cacheHits.cell('l1').count += 3;
    metrics.busCalls.cell('svc.a.b.c.v1', 'ok').observe(0.004);
    metrics.busCalls.cell('svc.a.b.c.v1', 'ok').observe(99);
    const text = await register.metrics();
    expect(text).toContain('cache_hits_total{layer="l1"} 3');
    expect(text).toContain('bus_call_seconds_bucket{subject="svc.a.b.c.v1",outcome="ok",le="0.0025"} 0');
    expect(text).toContain('bus_call_seconds_bucket{subject="svc.a.b.c.v1",outcome="ok",le="0.005"} 1');
    expect(text).toContain('bus_call_seconds_bucket{subject="svc.a.b.c.v1",outcome="ok",le="+Inf"} 2');
    expect(text).toContain('bus_call_seconds_count{subject="svc.a.b.c.v1",outcome="ok"} 2');
  });

  it('never hold more than 2,000 label sets', async () => {
    for (let n = 0; n < 2_500; n += 1) metrics.apiRequests.cell(`/r${n}`, 'GET', '200', '2').count += 1;
    const text = await register.getSingleMetricAsString('api_requests_total');
    expect(text.split('\n').length).toBeLessThan(2_010);
    expect(text).toContain('route="other"');
  });
});
