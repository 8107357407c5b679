// What a user of uploads waits for: from the POST of a real file until its operation has succeeded (form, gateway, bus,
// staged, queued, checked, stored under its key, committed), against PostgreSQL's bare COPY of the same lines
// into a table without a key, on the same server. Not shown: a network, a replica, a second instance.
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startSystem, type System } from '@mystocks/testing';
import { bearer } from '../test/system/requests.ts';
import { bareCopy, barsFile, emptyTables, median, openPeer, seconds } from './bare-copy.ts';
import type { BenchRow } from './bench-row.ts';

const ROWS = 100_000;
const ROUNDS = 9;
const LOOK_EVERY_MS = 5;

interface Seen {
  readonly status: string;
  readonly result: { readonly summary: { readonly inserted: number } } | null;
}

function firstRows(file: Buffer): Buffer {
  let end = 0;
  for (let line = 0; line <= ROWS; line += 1) end = file.indexOf(10, end) + 1;
  return file.subarray(0, end);
}

/** The form as it goes over the wire: making it is not what is measured. */
const formOf = (name: string, file: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`--bench\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`),
    file,
    Buffer.from('\r\n--bench--\r\n'),
  ]);

async function upload(system: System, form: Buffer): Promise<number> {
  const path = await post(system, form);
  for (;;) {
    await pause(LOOK_EVERY_MS);
    const asked = await fetch(`${system.url}${path}`, { headers: bearer(system.adminToken) });
    const seen = (await asked.json()) as Seen;
    if (seen.result !== null) return seen.result.summary.inserted;
  }
}

/** Sends the form; answers where its operation is. */
function post(system: System, form: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { ...bearer(system.adminToken), 'content-type': 'multipart/form-data; boundary=bench' };
    const call = request(`${system.url}/api/v2/uploads?register=true`, { method: 'POST', headers }, (response) => {
      response.resume();
      if (response.statusCode === 202) resolve(response.headers.location ?? '');
      else reject(new Error(`the upload was refused with ${String(response.statusCode)}`));
    });
    call.once('error', reject).end(form);
  });
}

export async function bench(): Promise<BenchRow[]> {
  if (!existsSync(barsFile)) {
    console.log('upload: skipped, the recorded data are not there\n');
    return [];
  }
  const file = firstRows(gunzipSync(readFileSync(barsFile)));
  const [plainForm, packedForm] = [formOf('bars.csv', file), formOf('bars.csv.gz', gzipSync(file))];
  const system = await startSystem({ postgres: { durable: true } });
  const peer = await openPeer(system.postgres.superuserUrl);
  const figures: Record<'plain' | 'gzip' | 'bare', number[]> = { plain: [], gzip: [], bare: [] };
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      await emptyTables(peer);
      const bare = await seconds(() => bareCopy(peer, file), ROWS);
      const plain = await seconds(() => upload(system, plainForm), ROWS);
      await emptyTables(peer);
      const gzip = await seconds(() => upload(system, packedForm), ROWS);
      // The first round registers the instruments and warms both sides.
      if (round === 0) continue;
      figures.bare.push(bare);
      figures.plain.push(plain);
      figures.gzip.push(gzip);
    }
  } finally {
    await peer.close();
    await system.stop();
  }
  return (['plain', 'gzip'] as const).map((kind) => {
    const [ours, theirs] = [ROWS / median(figures[kind]), ROWS / median(figures.bare)];
    return {
      name: `upload of 100,000 real daily bars as a ${kind === 'plain' ? 'plain' : 'gzipped'} CSV, until its operation has succeeded`,
      peer: 'one bare COPY of the same lines into a table without key or check',
      ours,
      theirs,
      ratio: ours / theirs,
      unit: 'rows/s',
      target: 0.3,
      note: `median of ${ROUNDS} rounds, interleaved, fsync on`,
    };
  });
}
