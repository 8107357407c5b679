import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { systemClock, type Clock, atMost } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import type { AnswersService } from '../answers/answers.service.js';
import type { Use, WarmUpRunsRepository } from './warm-up-runs.repository.js';

const NOTE_EVERY_MS = 5_000;
/** A database that hangs holds no service up that is to stop. */
const LAST_NOTE_MAX_MS = 2_000;
/** Different answers read between two notes; more are not watched. */
const READ_MAX = 20_000;

/**
 * Finds out which of the loaded answers were read, whichever instance loaded them, and says how many of the last run's.
 * Reads are remembered for two rounds, because an answer may be read a moment before its run reports what it loaded.
 */
export class UsesService implements OnModuleInit, OnModuleDestroy {
  #read = new Map<string, number>();
  #readBefore: ReadonlyMap<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #noting: Promise<void> | undefined;
  #ratio: number | undefined;
  #stopWatching: (() => void) | undefined;
  #isUnknown = false;

  /** Without a repository nothing is watched. */
  constructor(
    private readonly answers: Pick<AnswersService, 'onHit'>,
    private readonly runs: Pick<WarmUpRunsRepository, 'unused' | 'noteUses' | 'latest'> | undefined,
    private readonly clock: Clock = systemClock,
  ) {}

  onModuleInit(): void {
    if (this.runs === undefined) return;
    this.answers.onHit((key) => {
      if (this.#read.size < READ_MAX || this.#read.has(key)) this.#read.set(key, this.clock.now());
    });
    this.#stopWatching = metrics.prewarmUsefulRatio.watch(() =>
      this.#ratio === undefined ? [] : [{ labels: [], value: this.#ratio }],
    );
    this.#timer = setInterval(() => void this.note(), NOTE_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    const noted = (this.#noting ?? Promise.resolve()).then(() => this.note());
    await atMost(LAST_NOTE_MAX_MS, noted);
    this.#stopWatching?.();
  }

  /** Counts what was read since the last time. Never fails: what could not be noted is noted next time. */
  note(): Promise<void> {
    return (this.#noting ??= this.#note().finally(() => {
      this.#noting = undefined;
    }));
  }

  async #note(): Promise<void> {
    const { runs } = this;
    if (runs === undefined) return;
    try {
      const unused = await runs.unused();
      const read = new Map([...this.#readBefore, ...this.#read]);
      const uses = usesOf(unused, read);
      if (uses.length > 0) await runs.noteUses(uses);
      this.#readBefore = this.#read;
      this.#read = new Map();
      const last = (await runs.latest()).find(({ finished_at, loaded }) => finished_at !== undefined && loaded > 0);
      this.#ratio = last?.useful_ratio;
      this.#isUnknown = false;
    } catch (error) {
      if (!this.#isUnknown) log.warn({ err: error }, 'uses of warmed answers could not be noted; they are noted later');
      this.#isUnknown = true;
    }
  }
}

/** Those loaded keys that were read after they had been loaded. */
function usesOf(loadedAtMs: ReadonlyMap<string, number>, readAtMs: ReadonlyMap<string, number>): Use[] {
  return [...loadedAtMs].flatMap(([key, loadedAt]) => {
    const readAt = readAtMs.get(key);
    return readAt !== undefined && readAt >= loadedAt ? [{ key, readAtMs: readAt }] : [];
  });
}
