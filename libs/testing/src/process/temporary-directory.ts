import { mkdtempSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { guard } from './guard.js';

/** A fresh directory that goes away with this process at the latest. */
export function temporaryDirectory(name: string): string {
  // As root PostgreSQL runs as another user, who cannot enter a TMPDIR that only root may.
  const place = process.getuid?.() !== 0 || othersMayPass(tmpdir()) ? tmpdir() : '/tmp';
  const path = mkdtempSync(join(place, `mystocks-${name}-`));
  guard.ownsDirectory(path);
  return path;
}

/** Whether any user can get to what lies in the directory. */
export function othersMayPass(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false;
  return dirname(path) === path || othersMayPass(dirname(path));
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
