// The flood of the login bench in a process of its own: `node login-flooder.ts URL AT_ONCE MILLISECONDS`. Sends its
// answers to its parent.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

// A flood comes from other machines. What it costs to send it is not to be taken from what is measured, so this process
// lets the others go first, and writes requests that it made before to connections that it keeps.
setPriority(constants.priority.PRIORITY_LOW);
const WAVE_EVERY_MS = 500;
const [url = '', atOnce = '', forMs = ''] = process.argv.slice(2);

interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** One connection of the flood: sends a login in each wave, whether or not the one before was answered. */
class Connection {
  readonly socket: Socket;
  readonly #login: Buffer;
  /** What came back, as it came: taking it apart waits until the flood is over. */
  #text = '';

  constructor(index: number, socket: Socket) {
    this.socket = socket;
    const login = { grant_type: 'password', username: `unknown-${String(index)}`, password: 'wrong wrong wrong' };
    const body = JSON.stringify(login);
    const head = 'POST /api/v2/auth/token HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json';
    this.#login = Buffer.from(`${head}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`);
    socket.setEncoding('latin1').on('data', (text: string) => (this.#text += text));
  }

  send(): void {
    this.socket.write(this.#login);
  }

  answers(): Refusal[] {
    const texts = this.#text.split('HTTP/1.1 ').slice(1);
    return texts.map((text) => ({
      status: Number(text.slice(0, 3)),
      retryAfter: /^retry-after: (.*)\r$/im.exec(text)?.[1],
    }));
  }
}

const { hostname, port } = new URL(url);
const sockets = Array.from({ length: Number(atOnce) }, () => connect(Number(port), hostname));
await Promise.all(sockets.map((socket) => once(socket, 'connect')));
const connections = sockets.map((socket, index) => new Connection(index, socket));
let sent = 0;
for (const endsAt = performance.now() + Number(forMs); performance.now() < endsAt; sent += connections.length) {
  for (const connection of connections) connection.send();
  await sleep(WAVE_EVERY_MS);
}
let answers: Refusal[] = [];
while (answers.length < sent) {
  await sleep(50);
  answers = connections.flatMap((connection) => connection.answers());
}
process.send?.(answers);
for (const { socket } of connections) socket.destroy();
process.disconnect();
