import { IsListOf, IsSymbolAliases, IsText } from '@mystocks/validation';

/** What is to be read into the cache before anybody asks. */
export class PrewarmBody {
  /** `{subject, request}` of calls that answer bytes, e.g. `svc.market-data.bars.list.v1` and `{"symbol":"600519.SH"}`. */
  @IsListOf({ name: 'reads', test: () => true }, 1_000, { optional: true }) readonly reads?: unknown[];
  /** Short for the daily bars and the latest quote of each; a symbol that is none is refused alone. */
  @IsListOf({ name: 'symbols', test: (one) => typeof one === 'string' }, 500, { optional: true })
  readonly symbols?: string[];
}

/** Names one kept answer; what it may be is said in entry-names.ts. */
export class KeyInPath {
  @IsText(1, 4_000) readonly key!: string;
}

const isTag = { name: 'tags', test: (one: unknown) => typeof one === 'string' && /^[A-Za-z0-9:._-]{1,32}$/.test(one) };

/** Which kept answers are to be dropped. */
export class InvalidateBody {
  /** As answers carry them: `600519.SH` for its bars, `quote:600519.SH`, `instruments`. */
  @IsListOf(isTag, 1_000, { optional: true }) readonly tags?: string[];
  /** In any spelling: everything that shows one of them. */
  @IsSymbolAliases(1_000, { optional: true }) readonly symbols?: string[];
}
