// What an operator sees: `npm run import` of a real file into the running system (gunzip, HTTP, gateway, bus, checks, one
// key, commit), against PostgreSQL's bare COPY of the same lines into a table without a key, on the same server.
// Not shown: starting the command itself (about 0.1 s), a replica, a network.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { startSystem } from '@mystocks/testing';
import { importFile } from '../tools/import/send.ts';
import { bareCopy, barsFile, emptyTables, median, openPeer, seconds } from './bare-copy.ts';
import type { BenchRow } from './bench-row.ts';

const ROUNDS = 5;
export async function bench(): Promise<BenchRow[]> {
  if (!existsSync(barsFile)) {
    console.log('import-stack: skipped, the recorded data are not there\n');
    return [];
  }
  const file = gunzipSync(readFileSync(barsFile));
  const system = await startSystem({ postgres: { durable: true } });
  const peer = await openPeer(system.postgres.superuserUrl);
  const rows = file.toString('latin1').split('\n').length - 2;
  try {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      await emptyTables(peer);
      const bare = await seconds(() => bareCopy(peer, file), rows);
      const whole = await seconds(async () => {
        const { answer } = await importFile(barsFile, { url: system.url, token: system.adminToken, register: true });
        return answer.summary.inserted ?? 0;
      }, rows);
      // The first round registers the instruments and warms both sides.
      if (round === 0) continue;
      ours.push(whole);
      theirs.push(bare);
    }
    const [own, bare] = [rows / median(ours), rows / median(theirs)];
    return [
      {
        name: `import of ${rows} real daily bars through gateway and bus`,
        peer: 'one bare COPY of the same lines into a table without key or check',
        ours: own,
        theirs: bare,
        ratio: own / bare,
        unit: 'rows/s',
        target: 0.3,
        note: `median of ${ROUNDS} rounds, interleaved, fsync on`,
      },
    ];
  } finally {
    await peer.close();
    await system.stop();
  }
}
