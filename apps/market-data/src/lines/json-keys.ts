// In text that is known to be JSON, exactly the strings before a colon are keys.
const KEYS = /"(?:[^"\\]|\\.)*"(?=\s*:)/g;

/**
 * A key that occurs twice in the JSON text of an object with `distinct` keys; `JSON.parse` silently
 * keeps the last of the two. Keys of nested objects count as well: no line may have those.
 */
export function keyTwice(text: string, distinct: number): string | undefined {
  const quoted = text.match(KEYS) ?? [];
  if (quoted.length <= distinct) return undefined;
  const seen = new Set<string>();
  for (const key of quoted.map((one) => JSON.parse(one) as string)) {
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}
