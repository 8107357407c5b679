import { Bus } from '@mystocks/bus';
import { FaultProxy, sleep, waitFor, type StartedService } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import type { Chance } from './chance.js';

/** A process that reaches the bus through a proxy of its own. */
export interface Spoilable {
  readonly name: string;
  readonly service: StartedService;
  readonly proxy: FaultProxy;
}

export interface FaultySystem {
  readonly system: System;
  readonly gateways: readonly Spoilable[];
  /** Gateways, two cache services, and the second market-data. */
  readonly all: readonly Spoilable[];
  /** The test's own place on the bus, never spoilt. */
  readonly bus: Bus;
  stop(): Promise<void>;
}

/** The system with five gateways, two cache services and a second market-data, each with a bus that can be cut. */
export async function startFaultySystem(): Promise<FaultySystem> {
  const system = await startSystem();
  // This one could not be cut.
  await system.services.cache.stop();
  const names = ['gateway', 'gateway', 'gateway', 'gateway', 'gateway', 'cache', 'cache', 'market-data'] as const;
  const all = await Promise.all(
    names.map(async (name, index) => {
      const proxy = await FaultProxy.inFrontOf(system.nats.port);
      const service = await system.another(name, { NATS_URL: `nats://127.0.0.1:${proxy.port}` });
      return { name: `${name}-${index + 1}`, service, proxy };
    }),
  );
  const bus = Bus.connect({ servers: system.nats.url, token: system.natsToken, service: 'spec' });
  await waitFor(() => bus.connected, { timeoutMs: 5_000, what: 'the bus' });
  return {
    system,
    gateways: all.slice(0, 5),
    all,
    bus,
    stop: async () => {
      await bus.drain();
      await system.stop();
      await Promise.all(all.map(({ proxy }) => proxy.stop()));
    },
  };
}

/** Cuts and heals single processes at random until `untilMs`, several at once; how often. All are whole at the end. */
export async function spoil(all: readonly Spoilable[], chance: Chance, untilMs: number): Promise<number> {
  let cuts = 0;
  const spoilt = new Set<FaultProxy>();
  const one = async (): Promise<void> => {
    while (Date.now() < untilMs) {
      const { proxy } = chance.oneOf(all.filter((each) => !spoilt.has(each.proxy)));
      spoilt.add(proxy);
      cuts += 1;
      const fault = chance.oneOf(['down', 'blackhole', 'reset'] as const);
      await proxy[fault]();
      await sleep(fault === 'reset' ? 50 : 200 + chance.upTo(3_000));
      await proxy.pass();
      spoilt.delete(proxy);
      await sleep(chance.upTo(1_500));
    }
  };
  await Promise.all([one(), one(), one()]);
  return cuts;
}
