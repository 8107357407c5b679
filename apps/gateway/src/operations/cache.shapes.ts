import { IsListOf, IsSymbolAliases, IsText } from '@mystocks/validation';

const TAG = /^[A-Za-z0-9:._-]{1,32}$/;
const tags = {
  name: 'tags of 1 to 32 letters, digits or : . _ -',
  test: (one: unknown) => typeof one === 'string' && TAG.test(one),
  api: { type: 'string', pattern: TAG.source },
} as const;

/** Whatever a read or a symbol is, it is checked by itself, so that a wrong one is refused alone. */
const reads = {
  name: 'reads',
  test: () => true,
  api: {
    type: 'object',
    properties: { subject: { type: 'string' }, request: { type: 'object' } },
    required: ['subject', 'request'],
  },
};
const symbols = {
  name: 'symbols',
  test: (one: unknown) => typeof one === 'string',
  api: { type: 'string', example: '600519.SH' },
} as const;

/** What to load into the cache before it is requested. */
export class PrewarmBody {
  /** `{subject, request}` of calls that answer bytes, e.g. `svc.market-data.bars.list.v1` and `{"symbol":"600519.SH"}`. */
  @IsListOf(reads, 1_000, { optional: true }) readonly reads?: unknown[];
  /** Short for the daily bars and the latest quote of each; a symbol that is none is refused alone. */
  @IsListOf(symbols, 500, { optional: true }) readonly symbols?: string[];
}

/** Names one kept answer; what it may be is said in entry-names.ts. */
export class KeyInPath {
  @IsText(1, 4_000) readonly key!: string;
}

/** Which kept answers are to be dropped. */
export class InvalidateBody {
  /** As answers carry them: `600519.SH` for its bars, `quote:600519.SH`, `instruments`. */
  @IsListOf(tags, 1_000, { optional: true }) readonly tags?: string[];
  /** In any spelling: everything that shows one of them. */
  @IsSymbolAliases(1_000, { optional: true }) readonly symbols?: string[];
}
