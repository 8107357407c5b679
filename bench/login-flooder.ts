// The flood of the login bench in a process of its own, so that it does not hold up what the bench measures:
// `node login-flooder.ts URL AT_ONCE MILLISECONDS`. Sends its answers to its parent.
import { setPriority } from 'node:os';
import { AddressedClient, type PostAnswer } from '@mystocks/testing';

// A flood comes from other machines: what it costs to send it is not to be taken from what is measured.
setPriority(10);
const WAVE_EVERY_MS = 500;
const [url = '', atOnce = '', forMs = ''] = process.argv.slice(2);

const client = new AddressedClient(url, '127.0.0.1');
const answers: Promise<PostAnswer>[] = [];
for (const endsAt = performance.now() + Number(forMs); performance.now() < endsAt;) {
  for (let index = 0; index < Number(atOnce); index += 1) {
    const body = { grant_type: 'password', username: `nobody-${String(index)}`, password: 'wrong wrong wrong' };
    answers.push(client.post('/api/v2/auth/token', body));
  }
  await new Promise((resolve) => setTimeout(resolve, WAVE_EVERY_MS));
}
process.send?.((await Promise.all(answers)).map(({ status, retryAfter }) => ({ status, retryAfter })));
client.close();
process.disconnect();
