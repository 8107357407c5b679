import { Controller, Inject, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusServer, Handles } from '@mystocks/bus';
import {
  barsChanged,
  Failure,
  getInstrument,
  latestQuotes,
  listBars,
  listKeys,
  newestBars,
  quoteChanged,
  resolveInstruments,
  type Answer,
  type Bar,
  type GetInstrumentRequest,
  type KeySet,
  type ListBarsRequest,
  type NewestBars,
  type NewestBarsRequest,
  type Quote,
  type QuoteChanged,
  type QuotesRequest,
  type ResolvedInstruments,
  type ResolveInstrumentsRequest,
} from '@mystocks/contracts';
import { TokenVerifier } from '@mystocks/identity';
import { testKeys, waitFor } from '@mystocks/testing';

const answer = (body: object): Answer => ({
  body: Buffer.from(JSON.stringify(body)),
  etag: '"1"',
  tags: [],
  ttl_ms: 0,
  built_at_ms: Date.now(),
});

/** What market-data would hold. */
export class Shelf {
  readonly symbols = new Set(['600519.SH', '000001.SZ', '000001.SH', '300918.SZ']);
  readonly quotes = new Map<string, { quote: Quote; seq: number }>();
  /** Bars by frame and symbol, then by stamp; of five minutes only the newest. */
  readonly bars = new Map<string, Map<string, object>>();
  lsn = 100;
  /** How often each call was received, by its subject. */
  readonly calls = new Map<string, number>();

  count({ subject }: { readonly subject: string }): void {
    this.calls.set(subject, (this.calls.get(subject) ?? 0) + 1);
  }

  /** The instruments that a spelling names. */
  named(spelling: string): string[] {
    return [...this.symbols].filter((one) => one === spelling || one.startsWith(`${spelling}.`));
  }
}

@Controller()
class StandInHandler {
  constructor(@Inject(Shelf) private readonly shelf: Shelf) {}

  @Handles(listKeys)
  keys(): Promise<KeySet> {
    return Promise.resolve(testKeys().keySet);
  }

  @Handles(getInstrument)
  instrument({ symbol }: GetInstrumentRequest): Promise<Answer> {
    this.shelf.count(getInstrument);
    const found = this.shelf.named(symbol);
    if (found.length > 1) {
      throw new Failure('conflict', 'Names two', { problem: 'SYMBOL_AMBIGUOUS', candidates: found });
    }
    if (found[0] === undefined) throw new Failure('not_found', `No instrument ${symbol}`);
    return Promise.resolve(answer({ symbol: found[0] }));
  }

  @Handles(latestQuotes)
  latest({ symbols }: QuotesRequest): Promise<Answer> {
    this.shelf.count(latestQuotes);
    const held = symbols.flatMap((symbol) => {
      const one = this.shelf.quotes.get(symbol);
      return one === undefined ? [] : [[symbol, { ...one.quote, symbol: undefined, seq: one.seq }]];
    });
    return Promise.resolve(answer({ quotes: Object.fromEntries(held), meta: {} }));
  }

  @Handles(listBars)
  list({ symbol, timeframe, sort, limit }: ListBarsRequest): Promise<Answer> {
    this.shelf.count(listBars);
    const bars = [...(this.shelf.bars.get(`${timeframe} ${symbol}`) ?? new Map<string, object>()).values()];
    return Promise.resolve(answer({ symbol, bars: (sort === 'desc' ? bars.toReversed() : bars).slice(0, limit) }));
  }

  @Handles(newestBars)
  newest({ frames }: NewestBarsRequest): Promise<NewestBars> {
    this.shelf.count(newestBars);
    const bars = frames.flatMap(({ timeframe, symbols }) =>
      symbols.map((symbol) => {
        const bar = [...(this.shelf.bars.get(`${timeframe} ${symbol}`) ?? new Map<string, object>()).values()].at(-1);
        return { timeframe, symbol, ...(bar === undefined ? {} : { bar: bar as Bar }) };
      }),
    );
    return Promise.resolve({ bars });
  }

  @Handles(resolveInstruments)
  resolve({ symbols }: ResolveInstrumentsRequest): Promise<ResolvedInstruments> {
    this.shelf.count(resolveInstruments);
    const instruments = symbols.map((asked) => {
      const [symbol, ...others] = this.shelf.named(asked);
      if (symbol === undefined) return { asked };
      return others.length === 0 ? { asked, symbol } : { asked, candidates: [symbol, ...others] };
    });
    return Promise.resolve({ instruments });
  }
}

const never = (): never => {
  throw new Error('a commit has at least one bar');
};

@Module({})
class StandInModule {}

/** Answers what realtime asks of market-data and auth, over a real bus, and publishes events. */
export class MarketStandIn {
  readonly shelf = new Shelf();
  #app: INestMicroservice | undefined;

  private constructor(readonly bus: Bus) {}

  static async start(natsUrl: string): Promise<MarketStandIn> {
    const bus = Bus.connect({ servers: [natsUrl], service: 'stand-in' });
    const one = new MarketStandIn(bus);
    const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(testKeys().keySet) });
    const strategy = new BusServer(bus, { authenticate: (token) => verifier.verify(token ?? '') });
    const module = {
      module: StandInModule,
      controllers: [StandInHandler],
      providers: [{ provide: Shelf, useValue: one.shelf }],
    };
    one.#app = await NestFactory.createMicroservice(module, { strategy, logger: false });
    await one.#app.listen();
    await waitFor(() => bus.connected, { timeoutMs: 5_000, what: 'the bus' });
    return one;
  }

  /** Stores a quote; tells it unless it is to get lost. */
  quote(symbol: string, last: number, lost = false): number {
    const seq = (this.shelf.quotes.get(symbol)?.seq ?? 0) + 1;
    const quote: Quote = { symbol, t: '2024-06-14T10:00:00+08:00', last, v: seq * 100 };
    this.shelf.quotes.set(symbol, { quote, seq });
    this.shelf.lsn += 1;
    const event: QuoteChanged = { quote, seq, received_at_ms: Date.now(), lsn: this.#lsn() };
    if (!lost) this.bus.publish(quoteChanged, event);
    return seq;
  }

  /** Stores bars of one minute in one commit; the last of them is the bar of five minutes too. */
  bar(symbol: string, ...given: readonly (readonly [t: string, close: number])[]): void {
    const bars = given.map(([t, close]) => ({ t, o: close, h: close, l: close, c: close, v: 100 }));
    const bar = bars.at(-1) ?? never();
    const minutes = this.shelf.bars.get(`1Min ${symbol}`) ?? new Map<string, object>();
    for (const one of bars) minutes.delete(one.t);
    for (const one of bars) minutes.set(one.t, one);
    this.shelf.bars.set(`1Min ${symbol}`, minutes).set(`5Min ${symbol}`, new Map([[bar.t, bar]]));
    this.shelf.lsn += 1_000;
    const day = bar.t.slice(0, 10);
    const event = { symbol, timeframe: '1Min' as const, from: day, to: day, bar, bars };
    this.bus.publish(barsChanged, { ...event, received_at_ms: Date.now(), lsn: this.#lsn() });
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    await this.bus.drain();
  }

  #lsn(): string {
    return `0/${this.shelf.lsn.toString(16).toUpperCase()}`;
  }
}
