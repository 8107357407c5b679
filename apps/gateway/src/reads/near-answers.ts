import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import type { Answer, Call } from '@mystocks/contracts';
import { systemClock, type Lsn } from '@mystocks/kernel';
import { entryOf, NearCache, type Entry, type Following } from '@mystocks/tiered-cache';
import type { ReadCell } from '../accesses/read-cells.js';
import { answerHeaders } from '../http/headers.js';
import type { RouteMeter } from '../http/meter.js';

/** Where an answer is served, once a v2 route has served it. */
interface ServedAt {
  readonly allow: Call['allow'];
  readonly meter: RouteMeter;
  readonly path: string;
}

/** An entry of the first tier with its ready headers (name, value, name, value, …). */
export interface NearAnswer extends Entry {
  readonly head: readonly string[];
  /** Counts each time that the answer is served. */
  readonly reads: ReadCell;
  route: ServedAt | undefined;
}

/** A replica may lag by as much and still be read. */
const SETTLE_MS = 1_000;

/** The first tier of this process. */
export class NearAnswers extends NearCache<NearAnswer> {
  /** `graceMs`: how long after its expiry an answer may still be the last good one. */
  constructor(private readonly graceMs: number) {
    super({ settleMs: SETTLE_MS, graceMs });
  }

  /** Builds the entry to serve and store. If the answer must not be cached, the entry is created already expired. */
  ready(answer: Answer, position: Lsn | undefined, reads: ReadCell): NearAnswer {
    const nowMs = systemClock.now();
    const expired = { answer, expiresAtMs: nowMs, graceUntilMs: nowMs, position };
    const entry = entryOf(answer, position, nowMs, this.graceMs) ?? expired;
    return { ...entry, head: answerHeaders(answer), reads, route: undefined };
  }
}

/** Keeps the first tier coherent with what is written and dropped while the gateway runs. */
@Injectable()
export class NearCoherence implements OnModuleInit, OnApplicationShutdown {
  #following: Following | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  onModuleInit(): void {
    this.#following = this.near.follow(this.bus);
  }

  /** Last of all: until the public port is closed, reads are answered from the first tier. */
  onApplicationShutdown(): void {
    this.#following?.stop();
  }
}
