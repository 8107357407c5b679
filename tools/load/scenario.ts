import type { MixName } from '../../load/mixes.ts';
import type { Figures } from './figures.ts';
import type { LoadedSystemOptions } from './loaded-system.ts';
import type { Observed } from './observe/observer.ts';

/** How hard to drive: that many callers, each on a connection of its own, or that many requests a second whatever happens. */
export type Drive = Callers | { readonly rate: number; readonly seconds: number };

interface Callers {
  readonly callers: number;
  readonly seconds: number;
  /** Each asks again that long after it asked before; without it as soon as it has its answer (a closed loop). */
  readonly everyMs?: number;
}

/** What was measured while the engine drove. */
export interface Run {
  readonly what: string;
  readonly figures: Figures;
  readonly observed: Observed;
}

interface Stage {
  /** What the command line says; a scenario has its own defaults. */
  readonly callers: number | undefined;
  readonly seconds: number | undefined;
  /** Drives the scenario's own k6 script, or its mix through autocannon. */
  drive(what: string, drive: Drive): Promise<Run>;
}

/** One promise and whether it held. */
export interface Clause {
  readonly promise: string;
  readonly held: boolean;
  readonly figure: string;
}

/**
 * A load test: `load/<name>.load.ts` exports one as `scenario`, and `load/<name>.js` is its k6 script. Its requests are
 * the mix of the same name in `load/mixes.ts`.
 */
export interface Scenario {
  readonly mix: MixName;
  readonly about: string;
  readonly system: LoadedSystemOptions;
  /** Without k6 it is left out: autocannon cannot keep up a rate when answers do not come. */
  readonly needsK6: boolean;
  /** The engine when none is asked for; else k6 where it is there. */
  readonly prefers?: 'autocannon';
  run(stage: Stage): Promise<readonly Clause[]>;
}
