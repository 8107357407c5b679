import { beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@mystocks/secrets';
import { log, openLog } from './index.js';

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  openLog({ service: 'test', level: 'debug' }, { write: (line) => lines.push(line) });
});
const logged = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
const PASSWORD = 'canary "p/ss@word"';

/** As ioredis makes it when AUTH is refused. */
function refused(): Error {
  const error = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
    command: { name: 'auth', args: [PASSWORD] },
    code: 'WRONGPASS',
  });
  error.name = 'ReplyError';
  return error;
}

describe('an error in the log', () => {
  it('an error in the log is shown with its type, message, code, stack and causes, and with nothing else', () => {
    log.warn({ err: new TypeError('no connection', { cause: refused() }), other: 7 }, 'redis fails');
    expect(logged()).toMatchObject({
      other: 7,
      msg: 'redis fails',
      err: {
        type: 'TypeError',
        message: 'no connection',
        stack: expect.stringContaining('TypeError: no connection\n    at '),
        cause: { type: 'ReplyError', message: 'WRONGPASS invalid username-password pair', code: 'WRONGPASS' },
      },
    });
    expect(Object.keys((logged()['err'] as { cause: object }).cause)).toEqual(
      ['type', 'message', 'code', 'stack', 'cause'].slice(0, 4),
    );
    expect(lines.join()).not.toContain('canary');
  });

  it('shows no other field of an error wherever it stands in a line', () => {
    log.warn(
      { reason: refused(), results: [{ error: refused() }], deep: { of: { error: refused() } } },
      'several fail',
    );
    log.error(refused());
    log.error({ err: { message: 'thrown as a plain object', args: [PASSWORD] } });
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain('canary');
  });

  it('an error in the log is bounded in its causes, its messages and the errors that it gathers', () => {
    let chain = new Error('x'.repeat(100_000));
    for (let depth = 0; depth < 100; depth += 1)
      chain = new AggregateError(Array(100).fill(chain) as Error[], 'many', { cause: chain });
    const endless = new Error('its own cause');
    endless.cause = endless;
    for (const err of [chain, endless, new Error('long'.repeat(100_000))]) log.error({ err }, 'fails');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.length).toBeLessThan(100_000);
  });

  it('takes what is thrown without being an error', () => {
    for (const thrown of ['text', 7, null, {}]) log.error({ err: thrown });
    expect(lines.map((line) => (JSON.parse(line) as { err: unknown }).err)).toMatchObject([
      { type: 'string', message: 'text' },
      { type: 'number', message: '7' },
      { type: 'object', message: 'null' },
      { message: '' },
    ]);
  });
});

describe('a known secret', () => {
  it('a known secret is hidden in messages and stacks of errors and in any field, in each of its forms', async () => {
    const url = `http://root:${encodeURIComponent(PASSWORD)}@127.0.0.1:1`;
    const secret = new Secret(url);
    const invalid = await fetch(secret.reveal()).then(undefined, (error: unknown) => error);
    log.error({ err: invalid, setting: secret, url }, `cannot reach ${url} with ${PASSWORD}`);
    const basic = Buffer.from(`root:${PASSWORD}`).toString('base64');
    log.error({ header: `Basic ${basic}`, object: { password: PASSWORD } });
    expect(lines).toHaveLength(2);
    expect(logged()['header']).toBe('Basic [secret]');
    for (const form of ['canary', encodeURIComponent(PASSWORD), basic]) expect(lines.join()).not.toContain(form);
  });

  it('a known secret is hidden in each URL of a list, and a line stays JSON whatever the secret holds', () => {
    const urls = new Secret('postgres://a:first-one@h:1/d,postgres://b:sec%22ond@h:2/d').reveal().split(',');
    new Secret('","level":"fatal');
    log.info({ one: urls[0], two: 'sec"ond', three: 'first-one' }, '","level":"fatal');
    expect(logged()).toMatchObject({ level: 'info', one: '[secret]', two: '[secret]', three: '[secret]' });
  });
});
