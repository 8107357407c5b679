// A worker that floods realtime: sockets of one user, each with 18 subscribes a second of 200 channels. In a thread of its
// own, so that its work does not delay what the bench measures.
import { parentPort, workerData } from 'node:worker_threads';

const SOCKETS = 20;
const CHANNELS = 200;
/** Below the limit of messages. */
const EVERY_MS = 1_000 / 18;

/** What the bench tells the worker. */
export interface FloodOptions {
  /** `ws://host:port` of realtime. */
  readonly url: string;
  readonly token: string;
  /** Bars of these symbols; without it quotes of symbols that do not exist. */
  readonly symbols: readonly string[] | undefined;
}

/** What the worker has seen. */
export interface FloodReport {
  readonly sent: number;
  readonly granted: number;
  readonly refused: number;
  readonly closed: number;
}

const { url, token, symbols } = workerData as FloodOptions;
const report = { sent: 0, granted: 0, refused: 0, closed: 0 };
const frames = ['1Min', '5Min', '15Min', '30Min', '60Min', '1Day'];
let next = 0;

/** Never the same ones in a row. */
const names = (): string[] =>
  Array.from({ length: CHANNELS }, () => {
    next += 1;
    if (symbols === undefined) return `quote.${100_000 + (next % 450_000)}.SH`;
    return `bar.${frames[Math.floor(next / symbols.length) % frames.length]}.${symbols[next % symbols.length]}`;
  });

const timers = new Set<NodeJS.Timeout>();

function flood(): void {
  const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
  socket.onmessage = ({ data }) => {
    const text = String(data);
    if (text.startsWith('0')) socket.send(`40/market,${JSON.stringify({ token })}`);
    else if (text === '2') socket.send('3');
    else if (text.startsWith('40/market,')) timers.add(setInterval(send, EVERY_MS));
    else if (text.startsWith('43/market,')) report[text.includes('"ok":false') ? 'refused' : 'granted'] += 1;
  };
  const send = (): void => {
    report.sent += 1;
    socket.send(`42/market,${report.sent}["subscribe",${JSON.stringify({ channels: names() })}]`);
  };
  socket.onclose = () => {
    report.closed += 1;
  };
}

parentPort?.once('message', () => {
  for (const timer of timers) clearInterval(timer);
  parentPort?.postMessage({ ...report } satisfies FloodReport);
});
for (let place = 0; place < SOCKETS; place += 1) flood();
