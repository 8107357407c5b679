/** Which keys carry a name (a tag, or the key that a view belongs to). Removed keys leave nothing behind. */
export class NameIndex {
  readonly #keys = new Map<string, Set<string>>();

  /** How many names are carried by at least one key. */
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

  /** Returns a copy, so that the caller may remove keys while it iterates. */
  keysOf(name: string): string[] {
    return [...(this.#keys.get(name) ?? [])];
  }

  clear(): void {
    this.#keys.clear();
  }
}
