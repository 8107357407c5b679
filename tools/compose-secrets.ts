// `npm exec -- node tools/compose-secrets.ts`: makes the secrets of docker-compose.yml, once, in .stack/compose (MYSTOCKS_SECRETS).
import { resolve } from 'node:path';
import { writeSecrets } from './compose/secrets.ts';

try {
  const directory = resolve(import.meta.dirname, '..', process.env['MYSTOCKS_SECRETS'] ?? '.stack/compose');
  const made = writeSecrets(directory);
  process.stdout.write(
    made.length === 0
      ? `${directory} has them all already\n`
      : `made ${made.join(', ')}\nin ${directory}. The first administrator is made with auth_bootstrap_token: POST /api/v2/auth/bootstrap\n`,
  );
} catch (error) {
  process.stderr.write(`compose-secrets: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
