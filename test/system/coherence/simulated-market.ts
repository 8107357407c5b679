import {
  barsChanged,
  INSTRUMENTS_TAG,
  instrumentsChanged,
  latestQuotes,
  listBars,
  listInstruments,
  quoteChanged,
  quoteTag,
  snapshots,
  type Answer,
  type Call,
} from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import type { FakeBus } from '@mystocks/testing';
import { check } from '@mystocks/validation';
import type { Chance } from './chance.js';

/** One thing that can be asked for. */
export interface Asked {
  readonly call: Call<object, Answer>;
  readonly request: object;
  readonly tags: readonly string[];
}

/** What an answer of the simulated market says: which write of each tag it shows, and which answer it is. */
export interface Said {
  readonly serial: number;
  /** When the store was read for it. */
  readonly readMs: number;
  readonly shows: Readonly<Record<string, number>>;
}

const symbols = ['600519.SH', '000001.SZ', '300750.SZ', '830799.BJ'];
/** As a door hands it on: with everything that the client left out, so that both tiers have it under one key. */
const asked = <Req extends object>(call: Call<Req, Answer>, request: object): Asked => {
  const any = call as unknown as Asked['call'];
  const whole = check(any.request, request);
  return { call: any, request: whole, tags: tagsOf(any, whole) };
};

function tagsOf({ subject }: Asked['call'], request: object): string[] {
  const { symbol, symbols: several = [] } = request as { symbol?: string; symbols?: string[] };
  if (subject === listInstruments.subject) return [INSTRUMENTS_TAG];
  if (subject === latestQuotes.subject) return several.map(quoteTag);
  return subject === listBars.subject ? [symbol ?? ''] : several.flatMap((one) => [quoteTag(one), one]);
}

export const questions: readonly Asked[] = [
  ...symbols.flatMap((symbol) => [
    asked(listBars, { symbol }),
    asked(latestQuotes, { symbols: [symbol] }),
    asked(snapshots, { symbols: [symbol] }),
  ]),
  asked(latestQuotes, { symbols: symbols.slice(0, 2) }),
  asked(listInstruments, { limit: 100 }),
];

/** Longest a replica may lag behind; further behind it is not read from. */
const LAG_MAX_MS = 900;
const ANSWER_MAX_MS = 60;
const TELL_MAX_MS = 20;
const BAR = { t: '2025-01-02', o: 1, h: 1, l: 1, c: 1, v: 1 };

/** The owner of the answers: one log of writes, replicas that lag, and events published a moment after each commit. */
export class SimulatedMarket {
  readonly #log: { readonly lsn: number; readonly tag: string; readonly atMs: number }[] = [];
  #serial = 0;

  constructor(private readonly chance: Chance) {}

  get writes(): number {
    return this.#log.length;
  }

  /** Commits a write and has one of the publishers tell it. */
  write(publisher: FakeBus): void {
    const symbol = this.chance.oneOf(symbols);
    const kind = this.chance.oneOf(['bars', 'quote', 'quote', 'instruments'] as const);
    const number = this.#log.length + 1;
    const tag = { bars: symbol, quote: quoteTag(symbol), instruments: INSTRUMENTS_TAG }[kind];
    this.#log.push({ lsn: number, tag, atMs: Date.now() });
    setTimeout(() => {
      const told = { lsn: lsnOf(number), received_at_ms: Date.now() };
      if (kind === 'instruments') publisher.publish(instrumentsChanged, { count: 1, lsn: told.lsn });
      else if (kind === 'quote')
        publisher.publish(quoteChanged, { ...told, seq: number, quote: { symbol, t: '2025-01-02T09:31:00+08:00' } });
      else publisher.publish(barsChanged, { ...told, symbol, timeframe: '1Day', from: BAR.t, to: BAR.t, bar: BAR });
    }, this.chance.upTo(TELL_MAX_MS));
  }

  /** The newest write of each of these tags, as of a position. */
  shows(tags: readonly string[], position = this.#log.length): Record<string, number> {
    return Object.fromEntries(
      tags.map((tag) => [tag, this.#log.findLast((one) => one.tag === tag && one.lsn <= position)?.lsn ?? 0]),
    );
  }

  /** Answers from a replica that has what `readAfter` asks for, and may lack anything newer than its lag. */
  async answer(call: Asked['call'], request: object, readAfter: Lsn | undefined): Promise<Answer> {
    const readMs = Date.now();
    const tags = tagsOf(call, request);
    const lagMs = this.chance.upTo(LAG_MAX_MS);
    const replayed = this.#log.findLast(({ atMs }) => atMs <= readMs - lagMs)?.lsn ?? 0;
    const shows = this.shows(tags, Math.max(replayed, readAfter === undefined ? 0 : compareLsn(readAfter, '0/0')));
    await new Promise((resolve) => setTimeout(resolve, this.chance.upTo(ANSWER_MAX_MS)));
    this.#serial += 1;
    return {
      body: Buffer.from(JSON.stringify({ serial: this.#serial, readMs, shows } satisfies Said)),
      etag: `"${this.#serial}"`,
      tags: [...tags],
      // Long: only events make it stale. Now and then short, with and without time to refresh in.
      ttl_ms: this.chance.happens(0.9) ? 3_600_000 : 200 + this.chance.upTo(800),
      ...(this.chance.happens(0.3) && { swr_ms: 1_000 }),
      built_at_ms: Date.now(),
    };
  }
}

export const lsnOf = (number: number): Lsn => `0/${number.toString(16).toUpperCase()}`;
export const saidBy = (answer: Answer): Said => JSON.parse(answer.body.toString()) as Said;
