// The clients of the edge bench that mean no good, in a process of its own: `node edge-flood.ts PORT`. Opens them within
// some seconds, tells over IPC how many are still there, and ends when the bench lets go of it.
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';

const SILENT = 10_050;
const SLOW = 500;
/** 2,000 a second. */
const PER_TICK = 40;
const TICK_MS = 20;
const DRIP_MS = 1_000;

// In life these clients have processors of their own.
setPriority(constants.priority.PRIORITY_LOW);

const port = Number(process.argv[2]);
let opened = 0;
let gone = 0;
const dripping: Socket[] = [];

/** Opens a connection that never closes its side, never reads, and sends `start` and then a byte a second. */
function open(start: string): void {
  // Nothing here ends it, so that what is gone was closed by the server.
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  opened += 1;
  let isGone = false;
  const count = (): void => {
    if (!isGone) gone += 1;
    isGone = true;
  };
  socket.on('error', count).on('end', count).on('close', count).resume();
  if (start === '') return;
  socket.write(start);
  dripping.push(socket);
}

const headers = 'POST /api/v2/batch/bars HTTP/1.1\r\nhost: bench\r\ncontent-type: text/csv\r\n';
const body = `${headers}content-length: 1000000\r\n\r\n`;
/** Between two slow ones there are as many silent ones as everywhere else. */
const SILENT_BETWEEN = SILENT / SLOW;
const starts = Array.from({ length: SLOW }, (_, index) => {
  const silent = Math.floor((index + 1) * SILENT_BETWEEN) - Math.floor(index * SILENT_BETWEEN);
  return [headers, body, ...Array.from({ length: silent }, () => '')];
}).flat();
const opening = setInterval(() => {
  for (const start of starts.splice(0, PER_TICK)) open(start);
  if (starts.length === 0) clearInterval(opening);
}, TICK_MS);
let turn = 0;
setInterval(() => {
  const share = Math.ceil((dripping.length * TICK_MS) / DRIP_MS);
  for (let count = 0; count < share; count += 1, turn += 1) {
    const socket = dripping[turn % dripping.length];
    if (socket?.writable === true) socket.write('x');
  }
}, TICK_MS);
setInterval(() => process.send?.({ waiting: starts.length, open: opened - gone }), 100);
process.on('disconnect', () => process.exit(0));
