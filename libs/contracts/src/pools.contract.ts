import { IsCount, IsNumeric, IsShape, IsShapes, IsText } from '@mystocks/validation';
import { defineCall, type Call } from './definition/define.js';
import { operators } from './definition/roles.js';

const MANY = Number.MAX_SAFE_INTEGER;

export class ListPoolsRequest {}

/** Waits up to a bound. */
export class WaitBucket {
  /** Seconds; without it every wait. */
  @IsNumeric({ optional: true }) readonly le_s?: number;
  @IsCount(0, MANY) readonly count!: number;
}

/** How long borrowers waited since the service started. */
export class PoolWaits {
  @IsCount(0, MANY) readonly count!: number;
  @IsNumeric() readonly sum_s!: number;
  @IsShapes(WaitBucket, 0, 50) readonly buckets!: WaitBucket[];
}

/** One connection pool of one instance, measured when it was asked. */
export class PoolState {
  @IsText(1, 100) readonly name!: string;
  /** `primary`, `replica`, `tdengine`; `away` and `fenced` for a database server that takes no part now. */
  @IsText(1, 40) readonly role!: string;
  /** `host:port`. */
  @IsText(1, 300) readonly server!: string;
  /** The instance that answered, `host:pid`: each has pools of its own. */
  @IsText(1, 300) readonly instance!: string;
  /** Connections that are kept. */
  @IsCount(0, MANY) readonly pool_size!: number;
  @IsCount(0, MANY) readonly checked_in!: number;
  @IsCount(0, MANY) readonly checked_out!: number;
  /** Open connections beyond `pool_size`. */
  @IsCount(0, MANY) readonly overflow!: number;
  @IsCount(0, MANY) readonly max_overflow!: number;
  /** Of all that may be open, those lent out. */
  @IsNumeric() readonly usage_percentage!: number;
  @IsCount(0, MANY) readonly waiting!: number;
  /** Borrowers that gave up, and those refused at once because their wait would have been too long. */
  @IsCount(0, MANY) readonly timeouts!: number;
  @IsCount(0, MANY) readonly shed!: number;
  /** Connections that were held too long. */
  @IsCount(0, MANY) readonly leaks!: number;
  @IsShape(PoolWaits) readonly wait!: PoolWaits;
}

export class PoolList {
  @IsShapes(PoolState, 0, 100) readonly pools!: PoolState[];
}

const listPoolsOf = (subject: string): Call<ListPoolsRequest, PoolList> =>
  defineCall({
    subject,
    request: ListPoolsRequest,
    response: PoolList,
    timeoutMs: 1_000,
    effect: 'read',
    allow: operators,
  });

export const listAuthPools = listPoolsOf('svc.auth.pools.list.v1');
export const listCachePools = listPoolsOf('svc.cache.pools.list.v1');
export const listMarketDataPools = listPoolsOf('svc.market-data.pools.list.v1');
