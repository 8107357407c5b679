import { portTaken, type Account, type Server } from '@mystocks/testing';
import { ensureAdministrator } from './administrator.ts';
import { claimStack, releaseStack } from './pid-file.ts';
import { makeDirectories, portList, type Plan } from './plan.ts';
import { readSecrets } from './secrets.ts';
import { startServers } from './servers.ts';
import { ignoredSettings, migrateAll, startServices } from './services.ts';
import { WatchOver } from './watch-over.ts';

export type Say = (line: string) => void;

/** The whole stack: brought up in order, watched, taken down in reverse order. */
export class Stack {
  readonly #servers: Server[] = [];
  readonly #services: Server[] = [];
  readonly #watch: WatchOver;
  #claimed = false;
  readonly #plan: Plan;
  readonly #say: Say;

  constructor(plan: Plan, say: Say) {
    this.#plan = plan;
    this.#say = say;
    this.#watch = new WatchOver(say);
  }

  /** Everything up and ready. On failure nothing is left running. */
  async start(): Promise<Account> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Services first, then servers; the claim on the directory last. */
  async stop(): Promise<void> {
    this.#watch.stop();
    await Promise.all(this.#services.splice(0).map((service) => service.stop()));
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
    if (this.#claimed) releaseStack(this.#plan);
    this.#claimed = false;
  }

  async #start(): Promise<Account> {
    const plan = this.#plan;
    makeDirectories(plan);
    claimStack(plan);
    this.#claimed = true;
    await refuseTakenPorts(plan);
    await refuseBlockedPorts(plan);
    const ignored = ignoredSettings(process.env);
    if (ignored.length > 0) this.#say(`not used, because the stack has its own: ${ignored.join(', ')}`);
    const secrets = readSecrets(plan);
    const servers = await startServers(plan, secrets, this.#noteStarted(this.#servers));
    const startedMs = Date.now();
    await migrateAll(servers.postgres.ownerUrl);
    this.#say(`${'migrations'.padEnd(14)} ${seconds(startedMs)}`);
    await startServices(plan, secrets, servers, this.#noteStarted(this.#services));
    const watched = [...this.#servers, ...servers.postgres.replicas, ...this.#services];
    for (const { process } of watched) this.#watch.add(process);
    return ensureAdministrator(plan, secrets);
  }

  #noteStarted(list: Server[]): (name: string, server: Server) => void {
    const startedMs = Date.now();
    return (name, server) => {
      list.push(server);
      this.#say(`${name.padEnd(14)} 127.0.0.1:${String(server.port)}  ${seconds(startedMs)}`);
    };
  }
}

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1_000).toFixed(1)} s`;

/** Ports of other protocols (6000 is X11, say) to which neither browsers nor `fetch` connect, by the list that Node has. */
async function refuseBlockedPorts(plan: Plan): Promise<void> {
  const spokenTo = portList(plan).filter(({ name }) => !['nats', 'redis', 'postgres', 'replica'].includes(name));
  for (const { name, port, variable } of spokenTo) {
    const refusal: unknown = await fetch(`http://127.0.0.1:${String(port)}`, { method: 'HEAD' }).catch(
      (error: unknown) => (error instanceof Error ? error.cause : error),
    );
    if (refusal instanceof Error && refusal.message === 'bad port') {
      throw new Error(
        `browsers and fetch do not connect to port ${String(port)} (${name}); ${variable}=… or another MYSTOCKS_PORT_OFFSET chooses another`,
      );
    }
  }
}

async function refuseTakenPorts(plan: Plan): Promise<void> {
  const list = await Promise.all(
    portList(plan).map(async (entry) => ({ ...entry, taken: await portTaken(entry.port) })),
  );
  const taken = list.filter((entry) => entry.taken);
  if (taken.length === 0) return;
  const lines = taken.map(({ name, port, variable }) => `  ${String(port)} (${name}; ${variable}=… chooses another)`);
  throw new Error(
    `these ports are taken by other programs:\n${lines.join('\n')}\nMYSTOCKS_PORT_OFFSET=1000 moves all of them`,
  );
}
