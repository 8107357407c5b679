import { IsCount, IsFlag, IsInstant, IsNumeric, IsOneOf, IsShape, IsShapes, IsText } from '@mystocks/validation';
import { defineCall } from '../definition/define.js';
import { operators } from '../definition/roles.js';

const MANY = Number.MAX_SAFE_INTEGER;

/** `start` after the service started, `session` before a trading session, `operator` by request. */
export const warmUpTriggers = ['start', 'session', 'operator'] as const;
export type WarmUpTrigger = (typeof warmUpTriggers)[number];

/** One warm-up, and what became of it. */
export class WarmUpRun {
  @IsOneOf(warmUpTriggers) readonly trigger!: WarmUpTrigger;
  /** The instance that ran it, `host:pid`. */
  @IsText(1, 300) readonly instance!: string;
  @IsInstant() readonly started_at!: string;
  /** Absent while it runs, and for ever when its instance died meanwhile. */
  @IsInstant({ optional: true }) readonly finished_at?: string;
  /** Symbols it was about; 0 for reads an operator named. */
  @IsCount(0, MANY) readonly symbols!: number;
  /** Answers that were read from their owners and kept. */
  @IsCount(0, MANY) readonly loaded!: number;
  /** Answers that were there already, or must not be kept. */
  @IsCount(0, MANY) readonly unchanged!: number;
  @IsCount(0, MANY) readonly failed!: number;
  /** Loaded answers that were read from L2 since. */
  @IsCount(0, MANY) readonly used!: number;
  /** used / loaded; absent when nothing was loaded. */
  @IsNumeric({ optional: true }) readonly useful_ratio?: number;
  /** Why it ended early. */
  @IsText(1, 300, { optional: true }) readonly stopped_because?: string;
}

/** The counting of reads that warm-ups are chosen by. */
export class AccessLogState {
  /** False while the database does not take the counts: they are kept (as far as there is room) and stored later. */
  @IsFlag() readonly storing!: boolean;
  @IsText(1, 300, { optional: true }) readonly reason?: string;
  /** Counts of a symbol and hour that this instance has yet to store. */
  @IsCount(0, MANY) readonly waiting!: number;
  /** Reads this instance had no room for. */
  @IsCount(0, MANY) readonly dropped!: number;
  @IsInstant({ optional: true }) readonly stored_at?: string;
}

export class PrewarmStatusRequest {}

export class PrewarmStatus {
  /** Whether the service warms up by itself. */
  @IsFlag() readonly enabled!: boolean;
  /** Why not. */
  @IsText(1, 300, { optional: true }) readonly reason?: string;
  /** Name of the rule in force; what it says is in {@link CacheModel}. */
  @IsText(1, 40) readonly rule!: string;
  @IsCount(0, 10_000) readonly symbols_max!: number;
  /** Questions to owners a second, at most. */
  @IsCount(1, 10_000) readonly per_second_max!: number;
  /** Absent when warm-up is off, or the trading calendar ends before. */
  @IsInstant({ optional: true }) readonly next_run_at?: string;
  @IsShape(AccessLogState) readonly access_log!: AccessLogState;
  /** The last ones, newest first. */
  @IsShapes(WarmUpRun, 0, 100) readonly runs!: WarmUpRun[];
  /** Why `runs` is empty although there may have been some. */
  @IsText(1, 300, { optional: true }) readonly runs_unknown_because?: string;
}

/** Answers even when the database is away: then without runs. */
export const prewarmStatus = defineCall({
  subject: 'svc.cache.prewarm.get.v1',
  request: PrewarmStatusRequest,
  response: PrewarmStatus,
  timeoutMs: 2_000,
  effect: 'read',
  allow: operators,
});

export class CacheModelRequest {}

/** What decides which symbols are warmed: today a rule. A learned model will say so with another `kind`. */
export class CacheModel {
  @IsOneOf(['rule']) readonly kind!: 'rule';
  @IsText(1, 40) readonly name!: string;
  @IsText(1, 300) readonly ranks_by!: string;
  /** Hours after which a read counts half. */
  @IsNumeric() readonly half_life_hours!: number;
  /** Hours of reads that are looked at: older ones weigh next to nothing. */
  @IsCount(1, 100_000) readonly looks_back_hours!: number;
  /** What there is to go by, as of now; absent when the database does not say. */
  @IsCount(0, MANY, { optional: true }) readonly symbols_known?: number;
  @IsCount(0, MANY, { optional: true }) readonly hours_known?: number;
  /** The first hour of the access log. */
  @IsInstant({ optional: true }) readonly since?: string;
}

export const cacheModel = defineCall({
  subject: 'svc.cache.model.get.v1',
  request: CacheModelRequest,
  response: CacheModel,
  timeoutMs: 2_000,
  effect: 'read',
  allow: operators,
});
