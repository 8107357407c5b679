import { expect, it } from '@jest/globals';
import { defineCall } from '@mystocks/contracts';
import { startNats, waitFor } from '@mystocks/testing';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { echo } from './echo.conformance.js';
import { Bus } from './index.js';

const late = defineCall({ ...echo, subject: 'svc.owner.words.say.v1', effect: 'once' });
/** Answers one call from a thread of its own, when told to, and tells when the answer has left. */
const ANSWERER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { url, subject, answered } = workerData;
  import('@nats-io/transport-node').then(async ({ connect }) => {
    const nats = await connect({ servers: url });
    nats.subscribe(subject, {
      callback: async (error, message) => {
        parentPort.postMessage('taken');
        Atomics.wait(answered, 0, 0);
        message.respond(JSON.stringify({ text: 'in time', by: 'owner' }));
        await nats.flush();
        Atomics.store(answered, 0, 2);
        Atomics.notify(answered, 0);
      },
    });
    await nats.flush();
    parentPort.postMessage('ready');
  });`;

it('resolves a call whose answer arrived in time although this process was blocked past the deadline', async () => {
  const nats = await startNats();
  const bus = Bus.connect({ servers: nats.url, service: 'asker' });
  await waitFor(() => bus.connected, { timeoutMs: 5_000, what: 'the bus' });
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const owner = new Worker(ANSWERER, { eval: true, workerData: { url: nats.url, subject: late.subject, answered } });
  await once(owner, 'message');
  const answer = bus.call(late, { text: 'x' }, { timeoutMs: 3_000 });
  await once(owner, 'message');
  // The owner has the call and waits for us to be held up.
  const startedMs = Date.now();
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
  Atomics.wait(answered, 0, 1, 5_000);
  while (Date.now() - startedMs < 3_100);
  expect(await answer).toEqual({ text: 'in time', by: 'owner' });
  await owner.terminate();
  await bus.drain();
  await nats.stop();
});
