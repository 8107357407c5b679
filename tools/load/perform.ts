import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { removeDirectory, temporaryDirectory } from '@mystocks/testing';
import { systemClauses } from './clauses.ts';
import { runEngine, type Engine } from './engine/engine.ts';
import { startLoadedSystem, type LoadedSystem } from './loaded-system.ts';
import { Listeners } from './listeners.ts';
import { Observer } from './observe/observer.ts';
import { describeClauses, describeRun } from './report.ts';
import type { Clause, Drive, Run, Scenario } from './scenario.ts';
import { furnish } from './world.ts';

export interface Wishes {
  readonly engine: Engine;
  readonly callers: number | undefined;
  readonly seconds: number | undefined;
  /** Copies of market-data, instead of the scenario's own number. */
  readonly instances: number | undefined;
  readonly say: (line: string) => void;
}

/** Starts a system, runs the scenario in it, prints the figures and returns whether every promise was kept. */
export async function perform(name: string, scenario: Scenario, wishes: Wishes): Promise<boolean> {
  const { say, engine } = wishes;
  say(`${name}: ${scenario.about}`);
  say(
    `  ${engine}, the system and its servers share ${String(availableParallelism())} cores: figures are of this machine only`,
  );
  const directory = temporaryDirectory('load');
  const system = await startLoadedSystem({
    ...scenario.system,
    instances: wishes.instances ?? scenario.system.instances,
  });
  try {
    const world = await furnish(system);
    const worldFile = join(directory, 'world.json');
    writeFileSync(worldFile, JSON.stringify(world));
    const listeners = await Listeners.at(system, world);
    const clauses: Clause[] = [];
    const drive = async (what: string, how: Drive): Promise<Run> => {
      say(
        `${what} (${'rate' in how ? `${Math.round(how.rate)} a second` : `${how.callers} callers`}, ${how.seconds} s) …`,
      );
      const run = await observed(system, what, say, (started) =>
        runEngine({ engine, scenario: name, drive: how, url: system.url, world: worldFile, directory, started }),
      );
      clauses.push(...systemClauses(run));
      say(describeRun(run));
      await listeners.quiet();
      say(`  sockets    ${listeners.told()}`);
      return run;
    };
    const own = await scenario.run({ callers: wishes.callers, seconds: wishes.seconds, drive });
    const all = [...clauses, ...own];
    listeners.stop();
    say(`\n${describeClauses(all)}\n`);
    return all.every(({ held }) => held);
  } finally {
    await system.stop();
    await removeDirectory(directory);
  }
}

async function observed(
  system: LoadedSystem,
  what: string,
  say: (line: string) => void,
  work: (started: Parameters<typeof runEngine>[0]['started']) => ReturnType<typeof runEngine>,
): Promise<Run> {
  const observer = new Observer(system, say);
  await observer.start();
  const figures = await work((child) => {
    observer.engineIs(child.pid);
  });
  return { what, figures, observed: await observer.stop() };
}
