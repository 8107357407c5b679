/** Counters in one number of the table: eight of four bits each. */
const COUNTERS_PER_WORD = 8;
const COUNTER_MAX = 15;
/** After this many uses per entry all counts are halved, so that yesterday's popular keys make room. */
const USES_PER_ENTRY = 10;

/**
 * An estimate of how often a key was used lately: a count-min sketch with four counters of four bits for each key, which
 * age by halving. The estimate may be too high, because keys share counters, but not too low since the last halving.
 *
 * The first eight characters of a key are as good as random (the SHA-256 of an answer's key). What follows them (a view)
 * distinguishes keys by its length and last character.
 */
export class FrequencySketch {
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #usesMax: number;
  #uses = 0;

  constructor(entriesMax: number) {
    const words = 2 ** Math.ceil(Math.log2(Math.max(entriesMax, 8)));
    this.#table = new Int32Array(words * 2);
    this.#mask = words * 2 - 1;
    this.#usesMax = entriesMax * USES_PER_ENTRY;
  }

  /** Counts one use of `key`. */
  add(key: string): void {
    const table = this.#table;
    let place = placeOf(key);
    const step = stepOf(key);
    let counted = false;
    for (let row = 0; row < 4; row += 1) {
      const word = (place >>> 3) & this.#mask;
      const shift = (place & (COUNTERS_PER_WORD - 1)) << 2;
      const counters = table[word] ?? 0;
      if (((counters >>> shift) & COUNTER_MAX) < COUNTER_MAX) {
        table[word] = counters + (1 << shift);
        counted = true;
      }
      place = (place + step) | 0;
    }
    if (counted && (this.#uses += 1) >= this.#usesMax) this.#age();
  }

  /** About how often `key` was used, at most 15. */
  of(key: string): number {
    let place = placeOf(key);
    const step = stepOf(key);
    let least = COUNTER_MAX;
    for (let row = 0; row < 4; row += 1) {
      const shift = (place & (COUNTERS_PER_WORD - 1)) << 2;
      const count = ((this.#table[(place >>> 3) & this.#mask] ?? 0) >>> shift) & COUNTER_MAX;
      if (count < least) least = count;
      place = (place + step) | 0;
    }
    return least;
  }

  #age(): void {
    const table = this.#table;
    for (let word = 0; word < table.length; word += 1) table[word] = ((table[word] ?? 0) >>> 1) & 0x77777777;
    this.#uses >>>= 1;
  }
}

const placeOf = (key: string): number => hash(key, 0) ^ (key.length << 16) ^ key.charCodeAt(key.length - 1);
// Odd, so that the four places of a key differ.
const stepOf = (key: string): number => hash(key, 4) | 1;

/** Mixes four characters into 32 bits; missing characters count as zero. */
function hash(key: string, from: number): number {
  const characters =
    key.charCodeAt(from) |
    (key.charCodeAt(from + 1) << 8) |
    (key.charCodeAt(from + 2) << 16) |
    (key.charCodeAt(from + 3) << 24);
  const mixed = Math.imul(characters, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
