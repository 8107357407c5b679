import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { readPlan } from './stack/plan.ts';
import { readSecrets } from './stack/secrets.ts';
import { migrateAll } from './stack/services.ts';

// Migrates the database of the running stack, or the one that PG_MIGRATION_URL names (as the role mystocks_owner).
try {
  const plan = readPlan();
  const url = process.env['PG_MIGRATION_URL'] ?? ownUrl();
  await answers(new URL(url));
  await migrateAll(url);
  process.stdout.write('migrated\n');

  function ownUrl(): string {
    if (!existsSync(plan.file('secrets.json')))
      throw new Error('no stack here: run `npm start`, or set PG_MIGRATION_URL');
    const { mystocks_owner: password } = readSecrets(plan).postgres;
    return `postgresql://mystocks_owner:${password}@127.0.0.1:${String(plan.ports.postgres)}/mystocks`;
  }
} catch (error) {
  process.stderr.write(`npm run migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** The commonest mistake is said in a sentence; the stack of a driver is for the others. */
async function answers({ hostname, port }: URL): Promise<void> {
  const socket = connect({ host: hostname, port: Number(port || 5432) });
  try {
    await once(socket, 'connect');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`no PostgreSQL answers (${why}): is the stack running? \`npm start\``, { cause: error });
  } finally {
    socket.destroy();
  }
}
