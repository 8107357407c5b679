import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  isAlive,
  ManagedProcess,
  portTaken,
  processTree,
  removeDirectory,
  temporaryDirectory,
  waitFor,
  serviceNames,
  type ServiceName,
} from '@mystocks/testing';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { commandOf } from './pid-file.js';
import { portList, readPlan, type Plan } from './plan.js';
import { managementUrl } from './services.js';

const PATIENCE_MS = 120_000;
jest.setTimeout(PATIENCE_MS);

/** The stack as a person runs it, in a directory and on ports of its own. */
describe('npm start', () => {
  const directory = temporaryDirectory('stack');
  const env: Record<string, string> = { PATH: process.env['PATH'] ?? '', MYSTOCKS_STACK_DIR: directory };
  let plan: Plan;

  const script = (name: string): string => join(process.cwd(), 'tools', name);
  const run = async (name: string, ...flags: string[]): Promise<{ code: number; output: string }> => {
    const child = spawn(process.execPath, [script(name), ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  };
  const supervisor = (): number => Number(readFileSync(plan.file('stack.pid'), 'utf8'));
  const admin = (): string => readFileSync(plan.file('admin.json'), 'utf8');
  const isReady = async (name: ServiceName): Promise<boolean> =>
    (await fetch(`${managementUrl(plan, name)}/health/ready`)).status === 200;
  const serviceProcess = (name: ServiceName): number | undefined =>
    processTree(supervisor()).find((pid) => commandOf(pid).includes(`apps/${name}/dist/main.js`));
  const nothingLeft = async (pids: readonly number[]): Promise<void> => {
    await waitFor(() => !pids.some(isAlive), { timeoutMs: 5_000, what: 'every process of the stack to be gone' });
    for (const { name, port } of portList(plan))
      expect({ name, taken: await portTaken(port) }).toEqual({ name, taken: false });
  };

  beforeAll(async () => {
    plan = (await waitFor(
      async () => {
        env['MYSTOCKS_PORT_OFFSET'] = String(8_000 + 20 * Math.floor(Math.random() * 1_000));
        const tried = readPlan(env);
        const taken = await Promise.all(portList(tried).map(({ port }) => portTaken(port)));
        return taken.includes(true) ? undefined : tried;
      },
      { timeoutMs: 10_000, what: 'an offset whose ports are free' },
    )) as Plan;
  });

  afterAll(async () => {
    await run('stack/stop.ts');
    await removeDirectory(directory);
  }, PATIENCE_MS);

  it(
    'comes up in the background with every service ready and an administrator',
    async () => {
      const { code, output } = await run('stack/start.ts', '--no-sample', '--detach');
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(await Promise.all(serviceNames.map(isReady))).toEqual([true, true, true, true, true]);
      const { username, password } = JSON.parse(admin()) as { username: string; password: string };
      expect(output).toContain(`${username}   ${password}`);
      expect(output).toContain(`${plan.gatewayUrl}/api/v2/stocks/600000.SH/bars`);
      const printed = /Bearer \$\(([^)]+)\)/.exec(output)?.[1] ?? '';
      const { stdout } = spawnSync('sh', ['-c', printed], { env: { PATH: env['PATH'] }, encoding: 'utf8' });
      expect(stdout).toMatch(/^ey/);
      const documents = /documents +(\S+)/.exec(output)?.[1] ?? '';
      expect((await fetch(documents)).status).toBe(200);
      const token = (await run('token.ts')).output.trim();
      const me = await fetch(`${plan.gatewayUrl}/api/v2/auth/me`, { headers: { authorization: `Bearer ${token}` } });
      expect(await me.json()).toMatchObject({ username, roles: ['admin'] });
    },
    PATIENCE_MS,
  );

  it('keeps its secrets to itself', () => {
    const mode = (path: string): number => statSync(path).mode & 0o777;
    for (const name of ['secrets.json', 'admin.json'] as const) expect(mode(plan.file(name))).toBe(0o600);
    expect(mode(directory) & 0o066).toBe(0);
    expect(mode(plan.logs)).toBe(0o700);
    const secrets = Object.values(JSON.parse(readFileSync(plan.file('secrets.json'), 'utf8')) as object).filter(
      (value): value is string => typeof value === 'string',
    );
    secrets.push((JSON.parse(admin()) as { password: string }).password);
    const commands = processTree(supervisor()).map(commandOf);
    for (const name of [...serviceNames, 'stack', 'nats', 'redis', 'postgres']) {
      const log = readFileSync(join(plan.logs, `${name}.log`), 'utf8');
      for (const secret of secrets) expect([log, ...commands].some((text) => text.includes(secret))).toBe(false);
    }
  });

  it('says so when it runs already', async () => {
    const { code, output } = await run('stack/start.ts', '--no-sample');
    expect(code).toBe(1);
    expect(output).toContain(`runs already (process ${String(supervisor())})`);
    expect(isAlive(supervisor())).toBe(true);
  });

  it(
    'heals a service and a server that were killed',
    async () => {
      const killed = serviceProcess('market-data');
      process.kill(killed!, 'SIGKILL');
      await waitFor(() => ![undefined, killed].includes(serviceProcess('market-data')), { timeoutMs: 20_000 });
      await waitFor(() => isReady('market-data'), { timeoutMs: 20_000, what: 'market-data to be ready again' });
      const nats = processTree(supervisor()).find((pid) => commandOf(pid).includes('nats.conf'));
      process.kill(nats!, 'SIGKILL');
      await waitFor(async () => (await Promise.all(serviceNames.map(isReady))).every(Boolean), {
        timeoutMs: 30_000,
        what: 'every service to be ready on the new NATS',
      });
      const log = readFileSync(join(plan.logs, 'stack.log'), 'utf8');
      expect(log).toMatch(/market-data died \(SIGKILL\)\n[^]*market-data is back after \d+ ms/);
    },
    PATIENCE_MS,
  );

  it(
    'stops without leaving a process or a port',
    async () => {
      const pids = processTree(supervisor());
      expect(pids.length).toBeGreaterThan(10);
      expect(await run('stack/stop.ts')).toEqual({ code: 0, output: 'stopped\n' });
      await nothingLeft(pids);
      expect(await run('stack/stop.ts')).toEqual({ code: 0, output: 'nothing runs\n' });
    },
    PATIENCE_MS,
  );

  it(
    'finds everything again at the next start, in the foreground, after a crash left its pid file, and obeys Ctrl-C',
    async () => {
      const before = admin();
      const dead = spawnSync('true').pid;
      writeFileSync(plan.file('stack.pid'), String(dead));
      const stack = new ManagedProcess({
        name: 'stack',
        command: process.execPath,
        args: [script('stack/start.ts'), '--no-sample'],
        env,
        ready: () => {
          if (!stack.output().includes('Ctrl-C stops it')) throw new Error('not yet');
        },
        startTimeoutMs: PATIENCE_MS,
        stopTimeoutMs: 60_000,
        stopSignal: 'SIGINT',
      });
      await stack.start();
      expect(admin()).toBe(before);
      expect((await run('token.ts')).output).toMatch(/^ey/);
      const pids = processTree(stack.pid!);
      expect(await stack.stop()).toEqual({ code: 0, signal: null });
      expect(stack.output()).toMatch(/stopping …\nstopped\n$/);
      await nothingLeft(pids);
    },
    PATIENCE_MS,
  );

  it('names the ports that others hold, and leaves nothing behind', async () => {
    const foreign = createServer();
    await new Promise<void>((resolve) => foreign.listen(plan.ports.redis, '127.0.0.1', resolve));
    const { code, output } = await run('stack/start.ts', '--no-sample');
    foreign.close();
    await once(foreign, 'close');
    expect(code).toBe(1);
    expect(output).toContain(`${String(plan.ports.redis)} (redis; MYSTOCKS_REDIS_PORT`);
    await nothingLeft([]);
  });

  it(
    'shows why a service does not start, and takes the rest down',
    async () => {
      env['PG_POOL_SIZE'] = 'many';
      const { code, output } = await run('stack/start.ts', '--no-sample');
      delete env['PG_POOL_SIZE'];
      expect(code).toBe(1);
      expect(output).toMatch(/cannot start (auth|market-data)[^]*PG_POOL_SIZE/);
      await nothingLeft([]);
    },
    PATIENCE_MS,
  );

  it('refuses a flag it does not know, a port that is none, and one that no browser connects to', async () => {
    expect((await run('stack/start.ts', '--fast')).output).toContain('unknown: --fast. Usage: npm start');
    env['GATEWAY_PORT'] = '70000';
    expect((await run('stack/start.ts')).output).toContain('GATEWAY_PORT must be a whole number from 1 to 65535');
    env['GATEWAY_PORT'] = '6000';
    expect((await run('stack/start.ts')).output).toContain(
      'browsers and fetch do not connect to port 6000 (gateway); GATEWAY_PORT=',
    );
    delete env['GATEWAY_PORT'];
    await nothingLeft([]);
  });
});
