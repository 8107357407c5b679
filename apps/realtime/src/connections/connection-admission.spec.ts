import { expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import type { TokenVerifier } from '@mystocks/identity';
import { openLog } from '@mystocks/telemetry';
import type { Namespace } from 'socket.io';
import { ConnectionAdmission } from './connection-admission.js';
import type { Sessions } from '../sessions/sessions.js';

it('logs a refused socket under the request id its client was told, and never the token', async () => {
  const lines: string[] = [];
  openLog({ service: 'realtime', level: 'info' }, { write: (line) => lines.push(line) });
  const refuse = { verify: () => Promise.reject(new Failure('unauthenticated', 'no')) } as unknown as TokenVerifier;
  const admission = new ConnectionAdmission(refuse, {} as Sessions);
  const refused = await new Promise<Error | undefined>((resolve) => {
    const use = (guard: (socket: object, next: (error?: Error) => void) => void): void => {
      guard({ conn: {}, handshake: { auth: { token: 'secret-token' } } }, resolve);
    };
    admission.guard({ name: '/market', use } as unknown as Namespace);
  });
  const told = (refused as Error & { data: { request_id: string } }).data;
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ request_id: told.request_id, failure: 'unauthenticated' });
  expect(lines[0]).not.toContain('secret-token');
});
