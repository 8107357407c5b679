/** Which keys carry a name (a tag, or the key that a view belongs to). Holds nothing for keys that are gone. */
export class NameIndex {
  readonly #keys = new Map<string, Set<string>>();

  /** Names some key carries. */
  get size(): number {
    return this.#keys.size;
  }

  add(key: string, names: readonly string[]): void {
    for (const name of names) {
      const keys = this.#keys.get(name);
      if (keys === undefined) this.#keys.set(name, new Set([key]));
      else keys.add(key);
    }
  }

  remove(key: string, names: readonly string[]): void {
    for (const name of names) {
      const keys = this.#keys.get(name);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(name);
    }
  }

  /** A copy: the caller may remove while it walks. */
  keysOf(name: string): string[] {
    return [...(this.#keys.get(name) ?? [])];
  }

  clear(): void {
    this.#keys.clear();
  }
}
