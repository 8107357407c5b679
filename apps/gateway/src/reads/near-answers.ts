import type { Call } from '@mystocks/contracts';
import { NearCache, type Kept } from '@mystocks/tiered-cache';
import type { RouteMeter } from '../http/meter.js';

/** Where an answer is served, once a v2 route has served it. */
interface ServedAt {
  readonly allow: Call['allow'];
  readonly meter: RouteMeter;
  readonly path: string;
}

/** A kept answer with its ready headers (name, value, name, value, …). */
export interface NearAnswer extends Kept {
  readonly head: readonly string[];
  route: ServedAt | undefined;
}

/** The first cache tier of this process. */
export class NearAnswers extends NearCache<NearAnswer> {}
