import {
  barDialects,
  barStamps,
  storedTimeframes,
  type BarDialect,
  type BarStamps,
  type StoredTimeframe,
} from '@mystocks/contracts';
import { IsCount, IsFlag, IsListOf, IsOneOf, IsSymbolAlias } from '@mystocks/validation';
import { IsCharset } from '../files/charset.js';

/** Query of a batch. */
export class BatchQuery {
  /** Blocks of a line stream that are stored at the same time, at most; fewer go out while the store is slow. */
  @IsCount(1, 8) readonly concurrency: number = 4;
  /** `abort` stores nothing when one item is refused. */
  @IsOneOf(['continue', 'abort']) readonly on_error: 'continue' | 'abort' = 'continue';
  /** Only report: nothing is stored, and no instrument registered. */
  @IsFlag() readonly dry_run: boolean = false;
  /** How a line stream is encoded, instead of what its Content-Type says; recognised where neither does. */
  @IsCharset() readonly charset?: string;
}

export class BarsBatchQuery extends BatchQuery {
  /** Frame of lines that have a time and do not say it themselves. */
  @IsOneOf(storedTimeframes, { optional: true, code: 2000 }) readonly timeframe?: StoredTimeframe;
  /** Register instruments that are not listed yet. */
  @IsFlag() readonly register: boolean = false;
  /** How a CSV is to be read, instead of what its header says. */
  @IsOneOf(barDialects, { optional: true }) readonly format?: BarDialect;
  /** Whether times say when a bar ends or when it starts; `end` where absent. */
  @IsOneOf(barStamps, { optional: true }) readonly stamps?: BarStamps;
  /** The instrument of lines that do not name it. */
  @IsSymbolAlias({ optional: true }) readonly symbol?: string;
}

/** A JSON batch; each item is checked by the owning service, so that one bad item does not affect the others. */
export class BatchBody {
  @IsListOf({ name: 'objects', test: () => true }, 1_000) readonly items!: object[];
}
