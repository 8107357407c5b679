import { Failure } from '@mystocks/contracts';
import { FakeWire, type Carried, type FakeBus } from '@mystocks/testing';
import type { Chance } from './chance.js';

/**
 * What is wrong with a process's way to the bus. `cut`: it knows. `mute`: nothing passes, neither side knows, and what was
 * sent is lost. `stalled`: nothing passes, and all of it arrives afterwards. `lossy`: some events to it are lost.
 */
export const faults = ['cut', 'mute', 'stalled', 'lossy'] as const;
export type Fault = (typeof faults)[number];

const EVENT_DELAY_MAX_MS = 30;
const CALL_DELAY_MAX_MS = 8;
const LOSS = 0.4;

/** One process's place on the wire. */
interface Place {
  fault: Fault | undefined;
  /** Grows when the connection is lost: what was under way on it never arrives. */
  connection: number;
  readonly held: (() => void)[];
}

/**
 * The bus between simulated processes, on the virtual clock: each pair's events arrive in the order they were sent, with
 * delays of its own, so that events of two publishers arrive in any order; and everything may go wrong.
 */
export class SimulatedWire {
  readonly wire = new FakeWire();
  readonly #places = new Map<object, Place>();
  readonly #lastMs = new Map<string, number>();
  lost = 0;

  constructor(private readonly chance: Chance) {
    this.wire.carriedBy((carried) => {
      this.#carry(carried);
    });
  }

  spoil(bus: FakeBus, fault: Fault): void {
    const place = this.#placeOf(bus);
    place.fault = fault;
    if (fault !== 'cut') return;
    place.connection += 1;
    bus.setConnected(false);
  }

  heal(bus: FakeBus): void {
    const place = this.#placeOf(bus);
    const { fault } = place;
    place.fault = undefined;
    for (const deliver of place.held.splice(0)) deliver();
    if (fault === 'cut') bus.setConnected(true);
  }

  /** A call of one process to another: two ways, each of which may not be there. */
  async call<T>(from: FakeBus, to: FakeBus, timeoutMs: number, work: () => Promise<T>): Promise<T> {
    if (this.#placeOf(to).fault === 'cut') throw new Failure('unavailable', 'no instance answers');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Failure('timeout', 'The answer did not come in time'));
      }, timeoutMs);
    });
    const there = async (): Promise<T> => {
      await this.#way(from, to);
      const result = await work();
      await this.#way(to, from);
      return result;
    };
    try {
      return await Promise.race([there(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #carry({ from, to, deliver }: Carried): void {
    const [sender, receiver] = [this.#placeOf(from), this.#placeOf(to)];
    if (isLost(sender) || isLost(receiver) || (receiver.fault === 'lossy' && this.chance.happens(LOSS))) {
      this.lost += 1;
      return;
    }
    const link = `${this.#number(from)} ${this.#number(to)}`;
    const atMs = Math.max(this.#lastMs.get(link) ?? 0, Date.now() + this.chance.upTo(EVENT_DELAY_MAX_MS));
    this.#lastMs.set(link, atMs);
    const { connection } = receiver;
    setTimeout(() => {
      this.#pass([sender, receiver], () => {
        if (receiver.connection === connection) deliver();
      });
    }, atMs - Date.now());
  }

  /** Resolves when what was sent has arrived; never when it is lost. */
  async #way(from: object, to: object): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.chance.upTo(CALL_DELAY_MAX_MS)));
    const places = [this.#placeOf(from), this.#placeOf(to)];
    await new Promise<void>((resolve) => {
      if (!places.some(isLost)) this.#pass(places, resolve);
    });
  }

  /** Now, or when neither end is stalled any more. */
  #pass(places: readonly Place[], deliver: () => void): void {
    const stalled = places.find(({ fault }) => fault === 'stalled');
    if (stalled === undefined) deliver();
    else
      stalled.held.push(() => {
        this.#pass(places, deliver);
      });
  }

  #placeOf(bus: object): Place {
    let place = this.#places.get(bus);
    if (place === undefined) {
      place = { fault: undefined, connection: 0, held: [] };
      this.#places.set(bus, place);
    }
    return place;
  }

  #number(bus: object): number {
    this.#placeOf(bus);
    return [...this.#places.keys()].indexOf(bus);
  }
}

const isLost = ({ fault }: Place): boolean => fault === 'cut' || fault === 'mute';
