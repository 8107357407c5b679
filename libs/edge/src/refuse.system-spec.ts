import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { PublicPort } from './index.js';

it('What is not HTTP ends a connection without a word while an answer is being sent on it', async () => {
  const server = new PublicPort().createServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('begun');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let told = '';
  socket.on('error', () => undefined).on('data', (chunk) => (told += chunk.toString()));
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');
  socket.write('no HTTP at all\r\n\r\n');
  await once(socket, 'close');
  expect(told).toMatch(/begun$/);
  await new Promise((resolve) => server.close(resolve));
});
