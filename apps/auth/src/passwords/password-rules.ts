/** NIST SP 800-63B-4: at least 15 characters where the password is the only factor; no composition rules. */
const LENGTH_MIN = 15;
const DIFFERENT_MIN = 5;
const RUNS = ['0123456789', '9876543210', 'abcdefghijklmnopqrstuvwxyz', 'zyxwvutsrqponmlkjihgfedcba'];
const KEYBOARDS = [
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '1q2w3e4r5t6y7u8i9o0p',
  'qazwsxedcrfvtgbyhnujmikolp',
];
/** What common passwords are made of; one made of these and digits or signs alone is guessed at once. */
const COMMON =
  'password passwort passw0rd qwertyuiop qwerty asdfghjkl zxcvbnm administrator admin letmein welcome mystocks stocks changeme default secret login master iloveyou dragon monkey football baseball sunshine princess superman batman trustno whatever starwars shadow computer internet michael jennifer woaini correcthorsebatterystaple thequickbrownfox thisisa thisismy mypasswordis my is the and';
const COMMON_WORDS = COMMON.split(' ');

/** What is wrong with a new password of this user, in words for people; undefined when it will do. */
export function passwordProblem(password: string, username: string): string | undefined {
  // A lone surrogate has no UTF-8: different passwords would become the same bytes.
  if (/\p{Surrogate}/u.test(password)) return 'must be whole Unicode characters';
  const text = fold(password);
  if ([...password.normalize('NFC')].length < LENGTH_MIN) return `must have at least ${LENGTH_MIN} characters`;
  if (text.includes(fold(username))) return 'must not contain the username';
  if (isGuessable(text)) return 'is one of the first that are guessed; three unusual words make a good one';
  return undefined;
}

function isGuessable(text: string): boolean {
  const letters = text.replaceAll(/[^\p{Letter}]/gu, '');
  return new Set(text).size < DIFFERENT_MIN || isRepeated(text) || isRun(text) || isMadeOfCommon(letters);
}

/**
 * Looks from each place that words can reach. A pattern `^(word|…)+$` would try all ways to cut the text, and some words
 * are made of others (`my` + `stocks`): 256 characters took minutes.
 */
function isMadeOfCommon(letters: string): boolean {
  const reached = new Set([0]);
  for (const at of reached) {
    for (const word of COMMON_WORDS) if (letters.startsWith(word, at)) reached.add(at + word.length);
  }
  return letters !== '' && reached.has(letters.length);
}

/** The same piece again and again, its last copy perhaps cut: `abcabcabcabcabc`, `hellohellohellohe`. */
function isRepeated(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length++) {
    if (
      text
        .slice(0, length)
        .repeat(Math.ceil(text.length / length))
        .startsWith(text)
    )
      return true;
  }
  return false;
}

function isRun(text: string): boolean {
  return [...RUNS, ...KEYBOARDS].some((run) => run.repeat(3).includes(text));
}

const fold = (text: string): string => text.normalize('NFKC').toUpperCase().toLowerCase();
