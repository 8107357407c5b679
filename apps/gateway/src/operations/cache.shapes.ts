import { IsListOf } from '@mystocks/validation';

/** What is to be read into the cache before anybody asks. */
export class PrewarmBody {
  /** `{subject, request}` of calls that answer bytes, e.g. `svc.market-data.bars.list.v1` and `{"symbol":"600519.SH"}`. */
  @IsListOf({ name: 'reads', test: () => true }, 1_000, { optional: true }) readonly reads?: unknown[];
  /** Short for the daily bars and the latest quote of each; a symbol that is none is refused alone. */
  @IsListOf({ name: 'symbols', test: (one) => typeof one === 'string' }, 500, { optional: true })
  readonly symbols?: string[];
}
