// The two cache tiers: a hit in the process, a hit over the bus, and what the first tier keeps of a market's reads.
import type { BenchRow } from './bench-row.ts';
import { busHitRows } from './cache-bus.ts';
import { hitRows } from './cache-hits.ts';
import { replayRows } from './cache-replay.ts';

export async function bench(): Promise<BenchRow[]> {
  return [...(await hitRows()), ...(await busHitRows()), ...replayRows()];
}
