// Sends requests with the HTTP client of Node and with blind sockets, each over several connections, until enough are
// sent and standard input ends. Prints how many requests each client sent and which of them failed, as JSON.
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { BlindConnection } from './blind-connection.ts';
import type { ClientRun } from './client-program.ts';

const TIMEOUT_MS = 10_000;
const { URL: target = '', TOKEN, CLIENTS, REQUESTS, PAUSE_MS } = process.env;
const clients = Number(CLIENTS);
const requestsEach = Number(REQUESTS) / clients;
const headers = { authorization: `Bearer ${TOKEN}` };
const agent = new Agent({ keepAlive: true, maxSockets: clients });
let toldToEnd = false;

/** Sends one request, reads its answer to the end and resolves with its status. */
type Send = () => Promise<number>;

async function sendWithAgent(): Promise<number> {
  const sent = request(target, { agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  for await (const part of response) void part;
  return response.statusCode ?? 0;
}

async function run(sends: readonly Send[]): Promise<ClientRun> {
  const failures: string[] = [];
  const sent = await Promise.all(
    sends.map(async (send) => {
      let own = 0;
      for (; own < requestsEach || !toldToEnd; own += 1) {
        const failure = await send().then((status) => (status === 200 ? undefined : `status ${status}`), String);
        if (failure !== undefined) failures.push(failure);
        await pause(Number(PAUSE_MS));
      }
      return own;
    }),
  );
  return { sent: sent.reduce((sum, own) => sum + own, 0), failures };
}

process.stdin.resume().once('end', () => (toldToEnd = true));
const connections = Array.from({ length: clients }, () => new BlindConnection(new URL(target), headers));
const [withAgent, blind] = await Promise.all([
  run(connections.map(() => sendWithAgent)),
  run(connections.map((connection) => () => connection.send())),
]);
agent.destroy();
for (const connection of connections) connection.close();
process.stdout.write(JSON.stringify({ 'http.Agent': withAgent, 'blind sockets': blind }));
