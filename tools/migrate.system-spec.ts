import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

it('npm run migrate says in a sentence that there is no database', () => {
  const script = fileURLToPath(new URL('migrate.ts', import.meta.url));
  // No process listens on port 1.
  const env = { ...process.env, PG_MIGRATION_URL: 'postgresql://mystocks_owner:secret@127.0.0.1:1/mystocks' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'npm run migrate: no PostgreSQL answers (connect ECONNREFUSED 127.0.0.1:1): is the stack running? `npm start`\n',
  });
});
