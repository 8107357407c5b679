import { administratorToken } from './stack/administrator.ts';
import { readPlan } from './stack/plan.ts';

// Prints an access token of the administrator in .stack/admin.json and nothing else, for $(npm run -s token).
try {
  process.stdout.write(`${await administratorToken(readPlan())}\n`);
} catch (error) {
  process.stderr.write(`npm run token: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
