import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { barsChanged, instrumentsChanged, quoteChanged } from '@mystocks/contracts';
import { NearAnswers } from './near-answers.js';

/** Tag of answers that depend on the list of instruments. */
const INSTRUMENTS = 'instruments';

/** Keeps the first tier honest: every write announced on the bus outdates what shows the old. */
@Injectable()
export class NewsService implements OnModuleInit, OnModuleDestroy {
  #stops: (() => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  onModuleInit(): void {
    const subscriptions = [
      this.bus.subscribe(quoteChanged, ({ quote, lsn }) => {
        this.near.invalidate([quote.symbol], lsn);
      }),
      this.bus.subscribe(barsChanged, ({ symbol, lsn }) => {
        this.near.invalidate([symbol], lsn);
      }),
      this.bus.subscribe(instrumentsChanged, ({ lsn }) => {
        this.near.invalidate([INSTRUMENTS], lsn);
      }),
    ];
    this.#stops = subscriptions.map((one) => () => {
      one.stop();
    });
    // News sent while the bus was away never comes: nothing kept from before may be trusted.
    this.bus.onConnectionChange(() => {
      this.near.clear();
    });
  }

  onModuleDestroy(): void {
    for (const stop of this.#stops) stop();
  }
}
