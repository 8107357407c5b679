import { pinyin } from 'pinyin-pro';

/** Fewer letters would match nearly every name by its pinyin. */
const LETTERS_MIN = 2;
const HAN = /\p{Script=Han}/u;

/** Readings of characters, without tones; there are no more entries than characters in names. */
const readings = new Map<string, readonly string[]>();

/** Text as it is compared: full-width letters are letters (NFKC), case and blanks do not count, ü is the v of keyboards. */
export const folded = (text: string): string =>
  text.normalize('NFKC').replaceAll(/\s/gu, '').toLowerCase().replaceAll('ü', 'v');

/**
 * A test for names: true for those that contain `wanted`, or whose pinyin does, as initials (`payh`) or in full
 * (`pingan`, from any syllable on). A character with several readings matches each of them. `wanted` is {@link folded}.
 */
export function nameMatcher(wanted: string): (name: string) => boolean {
  const isSpelled = wanted.length >= LETTERS_MIN && /^[a-z0-9]+$/.test(wanted) && /[a-z]/.test(wanted);
  return (name) => {
    const text = folded(name);
    return text.includes(wanted) || (isSpelled && hasSpelling(syllablesOf(text), wanted));
  };
}

/** What each character of a name may be spelled as: a Han character by its readings, a letter or digit by itself. */
function syllablesOf(text: string): (readonly string[])[] {
  const syllables: (readonly string[])[] = [];
  for (const character of text) {
    if (HAN.test(character)) syllables.push(readingsOf(character));
    else if (/[a-z0-9]/.test(character)) syllables.push([character]);
  }
  return syllables;
}

function readingsOf(character: string): readonly string[] {
  let known = readings.get(character);
  if (known === undefined) {
    known = pinyin(character, { multiple: true, toneType: 'none', type: 'array', v: true });
    readings.set(character, known);
  }
  return known;
}

const hasSpelling = (syllables: readonly (readonly string[])[], letters: string): boolean =>
  syllables.some((_, at) => hasInitials(syllables, at, letters) || isSpelledFrom(syllables, at, letters));

const hasInitials = (syllables: readonly (readonly string[])[], at: number, letters: string): boolean =>
  at + letters.length <= syllables.length &&
  [...letters].every((letter, n) => syllables[at + n]?.some((reading) => reading.startsWith(letter)));

/** The last syllable may be cut off, as while a name is being typed. */
function isSpelledFrom(syllables: readonly (readonly string[])[], at: number, letters: string): boolean {
  const here = syllables[at];
  if (here === undefined) return false;
  return here.some(
    (reading) =>
      reading.startsWith(letters) ||
      (letters.startsWith(reading) && isSpelledFrom(syllables, at + 1, letters.slice(reading.length))),
  );
}
