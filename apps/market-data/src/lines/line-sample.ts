/** Counts lines and keeps the first of them. */
export class LineSample {
  static readonly #max = 20;
  readonly lines: number[] = [];
  count = 0;

  add(line: number): void {
    this.count += 1;
    if (this.lines.length < LineSample.#max) this.lines.push(line);
  }
}
