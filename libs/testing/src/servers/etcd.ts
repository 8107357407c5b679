import { join } from 'node:path';
import { freePort, onPort } from '../process/free-port.js';
import { ManagedProcess } from '../process/managed-process.js';
import { temporaryDirectory } from '../process/temporary-directory.js';
import { findProgram } from './find-program.js';
import { serverOf, type Place, type Server } from './server.js';

export interface EtcdServer extends Server {
  /** `http://127.0.0.1:port`, where clients ask. */
  readonly url: string;
}

/** A single etcd. */
export async function startEtcd(options: Place & { readonly peerPort?: number } = {}): Promise<EtcdServer> {
  const temporary = options.directory === undefined ? temporaryDirectory('etcd') : undefined;
  const directory = options.directory ?? temporary ?? '';
  return onPort(options.port, async (port) => {
    const url = `http://127.0.0.1:${String(port)}`;
    const peer = `http://127.0.0.1:${String(options.peerPort ?? (await freePort()))}`;
    const settings = {
      name: 'mystocks',
      'data-dir': join(directory, 'data'),
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `mystocks=${peer}`,
      // Old revisions go after an hour, so that the file does not grow for ever.
      'auto-compaction-retention': '1h',
      ...(temporary !== undefined && { 'unsafe-no-fsync': 'true' }),
    };
    const process = new ManagedProcess({
      name: 'etcd',
      command: findProgram('etcd'),
      args: Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      logFile: options.logFile,
      // Debian's 3.4 refuses architectures it does not test on unless told so.
      env: { ...(globalThis.process.arch === 'arm64' && { ETCD_UNSUPPORTED_ARCH: 'arm64' }) },
      ready: () => answers(url),
    });
    await process.start();
    return { ...serverOf(port, process, temporary), url };
  });
}

async function answers(url: string): Promise<void> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
  const { health } = (await response.json()) as { health?: unknown };
  if (String(health) !== 'true') throw new Error('etcd has no leader yet');
}
