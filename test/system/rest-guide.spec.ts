import { readFileSync, writeFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerText, comparable, GuideClient, readExchanges } from './guide-exchanges.js';
import { startSystem, type System } from '@mystocks/testing';
import { root } from './requests.js';

const file = join(root, 'docs/guides/rest.md');
let guide = readFileSync(file, 'utf8');
/** `WRITE_DOCUMENTS=1` writes the answers of this run into the guide. */
const isWriting = process.env['WRITE_DOCUMENTS'] === '1';
const exchanges = readExchanges(guide);

describe('the requests of docs/guides/rest.md', () => {
  let system: System;
  let client: GuideClient;
  beforeAll(async () => {
    system = await startSystem();
    const { username, password } = system.administrator;
    client = new GuideClient(system.url, { $USER: username, $PASSWORD: password });
  }, 180_000);
  afterAll(() => system.stop(), 30_000);

  it('the requests of docs/guides/rest.md are all found', () => {
    expect(exchanges.length).toBe([...guide.matchAll(/^```http\n(GET|POST|DELETE)/gm)].length);
    expect(exchanges.length).toBeGreaterThan(10);
  });

  it.each(exchanges.map((exchange, index) => [index + 1, exchange.request.firstLine, exchange] as const))(
    'number %i is answered as the guide says: %s',
    async (_index, _line, { request, answer, answerText: shown }) => {
      const reply = await client.send(request);
      client.learn(answer, reply);
      if (isWriting) {
        guide = client
          .update(guide)
          .replace(client.update(shown), () => answerText(answer, reply, STATUS_CODES[reply.status] ?? ''));
        writeFileSync(file, guide);
      } else expect(comparable(answer, reply)).toEqual(comparable(answer));
    },
  );
});
