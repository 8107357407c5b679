// Checks the subjects of the commits since the rule began: `area: imperative`, at most 72 characters.
import { execFileSync } from 'node:child_process';
import { isBadSubject } from './commit-subject.ts';

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

function subjectsSince(commit: string): readonly string[] | undefined {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    git('merge-base', '--is-ancestor', commit, 'HEAD');
  } catch {
    return undefined;
  }
  const lines = git('log', '--no-merges', '--format=%s', `${commit}..HEAD`).split('\n');
  return lines.filter((line) => line !== '');
}
