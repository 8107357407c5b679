// Checks the subjects of the commits since the rule began: `area: imperative`, at most 72 characters.
import { spawnSync } from 'node:child_process';
import { isBadSubject } from './subject-rule.ts';

/** The last commit before the rule. */
const SINCE = 'c9c7bb8';

const subjects = subjectsSince(SINCE);
if (subjects === undefined) {
  console.log(`commit subjects are not checked: commit ${SINCE} is not in this clone`);
} else {
  const bad = subjects.filter(isBadSubject);
  for (const subject of bad) console.error(`not "area: imperative" of at most 72 characters: ${subject}`);
  if (bad.length > 0) process.exit(1);
}

/** Undefined when the clone does not have `commit`: it is shallow, or its history was written anew. */
function subjectsSince(commit: string): readonly string[] | undefined {
  if (git('cat-file', '-e', `${commit}^{commit}`).status !== 0) return undefined;
  const { status, stdout, stderr } = git('log', '--no-merges', '--format=%s', `${commit}..HEAD`);
  if (status !== 0) throw new Error(`git log failed: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

function git(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const run = spawnSync('git', words, { encoding: 'utf8' });
  if (run.error !== undefined) throw run.error;
  return run;
}
