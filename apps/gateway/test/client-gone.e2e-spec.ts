import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { latestQuotes } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { removeDirectory, temporaryDirectory, waitFor } from '@mystocks/testing';
import { answerOf, startGateway, type Gateway } from './harness.js';

const directory = temporaryDirectory('client-gone');
const logFile = join(directory, 'access.log');
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(logFile);
});
afterAll(async () => {
  await gateway.close();
  await removeDirectory(directory);
});

/** Statuses with which the requests of an id stand in the access log. */
const loggedStatuses = (requestId: string): unknown[] =>
  readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes(requestId))
    .map((line) => (JSON.parse(line) as { status: number }).status);
const counted = (status: string): number =>
  metrics.apiRequests.cell('/api/v2/stocks/quotes/latest', 'GET', status, 'v2').count;
const path = (symbol: string): string => `/api/v2/stocks/quotes/latest?symbols=${symbol}`;

describe('the access log and the request metrics', () => {
  it('the access log and the request metrics show a request whose client went away before its answer, with status 499', async () => {
    const before = counted('499');
    let answer: (value: ReturnType<typeof answerOf>) => void = () => undefined;
    gateway.bus.answer(latestQuotes, () => new Promise((resolve) => (answer = resolve)));
    const headers = { authorization: `Bearer ${gateway.token('user')}`, 'x-request-id': 'gone-before-the-answer' };
    const sent = request({ port: gateway.port, path: path('600519.SH'), headers, agent: false });
    sent.on('error', () => undefined).end();
    await waitFor(() => gateway.count(latestQuotes) === 1, { timeoutMs: 10_000 });
    sent.destroy();
    await waitFor(() => loggedStatuses('gone-before-the-answer').length > 0, { timeoutMs: 10_000, what: 'the line' });
    // The answer that comes afterwards has no client any more and must not be counted as a second request.
    answer(answerOf({ quotes: {} }));
    await gateway.get('/api/v2/clock');
    expect(loggedStatuses('gone-before-the-answer')).toEqual([499]);
    expect(counted('499') - before).toBe(1);
  });

  it('the access log and the request metrics show a write whose client went away before the gateway began it', async () => {
    const server = gateway.app.getHttpServer();
    server.prependOnceListener('request', (_request: IncomingMessage, response: ServerResponse) => response.destroy());
    const headers = { 'x-request-id': 'gone-before-its-turn' };
    await expect(gateway.get('/api/v2/quotes', { method: 'POST', headers })).rejects.toThrow('fetch failed');
    await waitFor(() => loggedStatuses('gone-before-its-turn').length > 0, { timeoutMs: 10_000, what: 'the line' });
    expect(loggedStatuses('gone-before-its-turn')).toEqual([499]);
    expect(metrics.apiRequests.cell('unknown', 'POST', '499', 'none').count).toBe(1);
  });

  it('the access log and the request metrics show a request that was answered once, with its status', async () => {
    const before = counted('200');
    gateway.bus.answer(latestQuotes, () => answerOf({ quotes: {} }));
    await gateway.get(path('600000.SH'), { headers: { 'x-request-id': 'answered-to-the-end' } });
    await waitFor(() => loggedStatuses('answered-to-the-end').length > 0, { timeoutMs: 10_000, what: 'the line' });
    expect(loggedStatuses('answered-to-the-end')).toEqual([200]);
    expect(counted('200') - before).toBe(1);
  });
});
