import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstAskMs, type Ask } from '../../../load/mixes.ts';

export interface Pace {
  readonly url: string;
  readonly callers: number;
  readonly seconds: number;
  /** From one question of a caller to its next. */
  readonly everyMs: number;
  readonly giveUpMs: number;
  readonly next: (caller: number) => Ask;
  readonly headersOf: (ask: Ask) => Record<string, string>;
  /** Status 0: no answer. */
  readonly answered: (ask: Ask, status: number, headers: IncomingHttpHeaders, tookMs: number) => void;
}

/** Callers with a connection each that think between their questions, which autocannon's do not. */
export async function runPaced(pace: Pace): Promise<void> {
  const endsAt = performance.now() + pace.seconds * 1_000;
  await Promise.all(Array.from({ length: pace.callers }, (_, caller) => oneCaller(pace, caller, endsAt)));
}

async function oneCaller(pace: Pace, caller: number, endsAt: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await sleep(firstAskMs(pace.callers, pace.everyMs, Math.random));
  for (let at = performance.now(); at < endsAt; at = performance.now()) {
    const ask = pace.next(caller);
    const { status, headers } = await answerTo(pace, agent, ask);
    pace.answered(ask, status, headers, performance.now() - at);
    await sleep(Math.max(0, at + pace.everyMs - performance.now()));
  }
  agent.destroy();
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}
const NO_ANSWER: Answered = { status: 0, headers: {} };

const answerTo = ({ url, giveUpMs, headersOf }: Pace, agent: Agent, ask: Ask): Promise<Answered> =>
  new Promise((done) => {
    const { method, path, body } = ask;
    const sent = request(`${url}${path}`, { agent, method, headers: headersOf(ask), timeout: giveUpMs }, (response) => {
      response.resume().once('end', () => {
        done({ status: response.statusCode ?? 0, headers: response.headers });
      });
      response.once('error', () => {
        done(NO_ANSWER);
      });
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => {
      done(NO_ANSWER);
    });
    sent.end(body);
  });
