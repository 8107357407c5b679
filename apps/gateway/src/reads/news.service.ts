import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { followWrites, type Following } from '@mystocks/tiered-cache';
import { NearAnswers } from './near-answers.js';

/** Keeps the first tier honest: what is written outdates, what is dropped goes, what may have been missed outdates everything. */
@Injectable()
export class NewsService implements OnModuleInit, OnApplicationShutdown {
  #following: Following | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  onModuleInit(): void {
    const following = followWrites(this.bus, {
      written: (tags, lsn) => {
        this.near.invalidate(tags, lsn);
      },
      dropped: (entries) => {
        this.near.drop(entries);
      },
      missed: () => {
        this.near.invalidateAll();
      },
      setBack: (end) => {
        this.near.setBackTo(end);
      },
      missedDrops: () => {
        this.near.clear();
      },
    });
    this.near.checkPositions((lsn) => following.accepts(lsn));
    this.#following = following;
  }

  /** Last of all: until the doors are closed reads are answered from what is kept. */
  onApplicationShutdown(): void {
    this.#following?.stop();
  }
}
