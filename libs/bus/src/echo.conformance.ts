import { defineCall, defineEvent, Failure, readers } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext } from '@mystocks/telemetry';
import { IsBody, IsCount, IsListOf, IsText } from '@mystocks/validation';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusServer, Handles, type BusServerOptions } from './index.js';

/** The request of a small service for the specs of the bus: its text selects a right, slow or wrong answer. */
export class EchoRequest {
  @IsText(1, 5_000) readonly text!: string;
  @IsCount(0, 60_000, { optional: true }) readonly wait_ms?: number;
}

export class EchoAnswer {
  @IsText(0, 5_000) readonly text!: string;
  @IsText(0, 100) readonly by!: string;
}

export const echo = defineCall({
  subject: 'svc.echo.words.say.v1',
  request: EchoRequest,
  response: EchoAnswer,
  timeoutMs: 1_000,
  effect: 'read',
  allow: 'anyone',
});

/** The same call, which must not be sent twice. */
export const echoOnce = defineCall({ ...echo, subject: 'svc.echo.words.say-once.v1', effect: 'once' });

export class Facts {
  @IsListOf({ name: 'facts', test: (one) => typeof one === 'string' }, 10) readonly facts!: string[];
}

export class Nothing {}

/** Answers the context that the handler runs in. */
export const context = defineCall({
  subject: 'svc.echo.context.get.v1',
  request: Nothing,
  response: Facts,
  timeoutMs: 1_000,
  effect: 'once',
  allow: 'anyone',
});

export const secret = defineCall({ ...context, subject: 'svc.echo.secret.get.v1', allow: readers });

export class Parcel {
  @IsBody() readonly body!: Buffer;
  @IsText(0, 100) readonly label!: string;
}

export const parcel = defineCall({
  subject: 'svc.echo.parcel.send.v1',
  request: Parcel,
  response: Parcel,
  timeoutMs: 2_000,
  effect: 'once',
  allow: 'anyone',
});

export class Said {
  @IsText(1, 100) readonly text!: string;
  @IsText(1, 100) readonly who!: string;
}

export const said = defineEvent({ subject: 'evt.echo.word.said.v1', payload: Said, key: ({ who }) => who });

export const desk: Caller = { id: 'c1', username: 'desk-1', roles: ['user'], expiresAtMs: Number.MAX_SAFE_INTEGER };

@Controller()
export class EchoHandler {
  readonly seen: string[] = [];

  name = 'echo';

  @Handles(echo)
  async say(request: EchoRequest): Promise<EchoAnswer> {
    this.seen.push(request.text);
    if (request.wait_ms !== undefined) await new Promise((resolve) => setTimeout(resolve, request.wait_ms));
    if (request.text === 'unknown error') throw new Error('password=hunter2');
    if (request.text === 'ambiguous') {
      throw new Failure('conflict', 'Say which', {
        problem: 'SYMBOL_AMBIGUOUS',
        candidates: ['000001.SZ', '000001.SH'],
      });
    }
    if (request.text === 'busy') throw new Failure('unavailable', 'Busy', { retryAfterS: 7 });
    if (request.text === 'full') throw new Failure('unavailable', 'Full', { problem: 'OVERLOADED', retryAfterS: 1 });
    if (request.text === 'nonsense') return { text: 5, by: 'x' } as unknown as EchoAnswer;
    return { text: request.text, by: this.name, extra: 'a newer field' } as EchoAnswer;
  }

  @Handles(echoOnce)
  sayOnce(request: EchoRequest): Promise<EchoAnswer> {
    return this.say(request);
  }

  @Handles(context)
  look(_request: Nothing, caller: Caller | undefined): Promise<Facts> {
    const now = currentContext();
    const left = (now?.deadlineMs ?? 0) - Date.now();
    return Promise.resolve({
      facts: [
        now?.requestId ?? '',
        now?.traceparent ?? '',
        now?.token ?? '',
        now?.readAfter ?? '',
        String(Math.round(left)),
        caller?.username ?? '',
      ],
    });
  }

  @Handles(secret)
  tell(request: Nothing, caller: Caller | undefined): Promise<Facts> {
    return this.look(request, caller);
  }

  @Handles(parcel)
  send({ body, label }: Parcel): Promise<Parcel> {
    const size = label.startsWith('grow ') ? Number(label.slice(5)) : undefined;
    return Promise.resolve({ body: size === undefined ? body : Buffer.alloc(size), label });
  }
}

@Module({ controllers: [EchoHandler] })
class EchoModule {}

export interface EchoService {
  readonly bus: Bus;
  readonly handler: EchoHandler;
  readonly server: BusServer;
  /** The lines of the service's log. */
  readonly lines: string[];
  readonly stop: () => Promise<void>;
}

/** A logger that writes every line of a service as text to `lines`. */
export function listeningLog(lines: string[]): NonNullable<Parameters<typeof Bus.connect>[0]['log']> {
  const write = (fields: unknown, message?: string): void => {
    const { err, ...rest } = (typeof fields === 'object' ? fields : { fields }) as Record<string, unknown>;
    lines.push(
      `${message ?? ''} ${JSON.stringify(rest)} ${err instanceof Error ? err.message : ''} ${currentContext()?.requestId ?? ''}`,
    );
  };
  return { debug: write, info: write, warn: write, error: write, fatal: write } as never;
}

export async function startEcho(
  servers: string,
  options: Partial<BusServerOptions> & { readonly name?: string } = {},
): Promise<EchoService> {
  const lines: string[] = [];
  const bus = Bus.connect({ servers, service: 'echo', log: listeningLog(lines) });
  const server = new BusServer(bus, {
    authenticate: (token) =>
      token === 'good'
        ? Promise.resolve(desk)
        : Promise.reject(new Failure('unauthenticated', 'Who?', { problem: 'TOKEN_INVALID' })),
    ...options,
  });
  const app = await NestFactory.createMicroservice(EchoModule, { strategy: server, logger: false });
  const handler = app.get(EchoHandler);
  handler.name = options.name ?? 'echo';
  await app.listen();
  return {
    bus,
    handler,
    server,
    lines,
    stop: async () => {
      await app.close();
      await bus.drain();
    },
  };
}
