import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { appendUpload, cancelOperation, openUpload, startUpload } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(openUpload, ({ id }) => ({ id, replayed: false }) as never)
    .answer(appendUpload, () => ({}) as never)
    .answer(cancelOperation, () => ({}) as never);
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.bus.called.length = 0;
});

const HEADER = 'code,exchange,date,open,high,low,close,volume\n';
const lines = (count: number): Buffer => Buffer.from(HEADER + '600000,SSE,2024-06-14,10,11,9,10,100\n'.repeat(count));
const PART = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';

/** Sends a form that ends without its last boundary; `pieces` arrive one after the other. */
async function upload(...pieces: readonly (Buffer | string)[]): Promise<unknown> {
  const answer = new Promise<unknown>((resolve, reject) => {
    const headers = {
      'content-type': 'multipart/form-data; boundary=b',
      authorization: `Bearer ${gateway.token('operator')}`,
    };
    const path = '/api/v2/uploads?kind=bars';
    const call = request({ host: '127.0.0.1', port: gateway.port, method: 'POST', path, headers, agent: false });
    call.once('error', reject).once('response', (response) => {
      void text(response).then((body) => {
        resolve([response.statusCode, (JSON.parse(body) as { detail?: string }).detail]);
      }, reject);
    });
    void (async () => {
      for (const piece of pieces) {
        await new Promise((written) => call.write(piece, written));
        // Answered when the gateway has read what came before.
        await gateway.get('/api/v2/clock');
      }
      call.end();
    })();
  });
  return answer;
}

const BROKEN = [400, 'The form is broken or was cut off; nothing was stored'];

describe('an upload whose form breaks off', () => {
  it.each([0, 1, 5, 20, 2_000, 100_000])(
    'after %d lines of its file is refused, and nothing is stored',
    async (count) => {
      for (const pieces of [
        [Buffer.concat([Buffer.from(PART), lines(count)])],
        [PART, lines(count)],
        [PART, lines(count), lines(1)],
      ]) {
        expect(await upload(...pieces)).toEqual(BROKEN);
        expect(gateway.count(startUpload)).toBe(0);
      }
    },
  );

  it.each([1, 30, 200, 600])('after %d bytes of a packed file is refused, and nothing is stored', async (count) => {
    const packed = gzipSync(HEADER + randomBytes(5_000).toString('hex')).subarray(0, count);
    expect(await upload(PART, packed)).toEqual(BROKEN);
    expect(await upload(PART, packed.subarray(0, 1), packed.subarray(1))).toEqual(BROKEN);
    expect(gateway.count(startUpload)).toBe(0);
  });
});
