import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from './guard.js';

/** A fresh directory that goes away with this process at the latest. */
export function temporaryDirectory(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `mystocks-${name}-`));
  guard.ownsDirectory(path);
  return path;
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
