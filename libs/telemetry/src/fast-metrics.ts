import { register, type Metric } from 'prom-client';

/**
 * Counters and histograms for hot paths. A prom-client histogram plus counter costs 12-15 µs a request
 * because every observation hashes its labels. Here a caller asks once for the cell of a label set and then adds to
 * plain numbers; prom-client reads them at scrape time through `get()`.
 */
export class CounterCell {
  count = 0;
}

export class HistogramCell {
  readonly counts: Float64Array;
  sum = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Adds one observation, in the unit of the bounds. */
  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? Infinity)) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

/** Different label sets one metric may hold; more of them share one cell, whose labels are all `other`. */
const CELLS_MAX = 2_000;

class Cells<Cell> {
  readonly cells = new Map<string, { readonly labels: Record<string, string>; readonly cell: Cell }>();

  constructor(
    private readonly labelNames: readonly string[],
    private readonly make: () => Cell,
  ) {}

  get(values: readonly string[]): Cell {
    const full = this.cells.size >= CELLS_MAX && !this.cells.has(values.join('\u0000'));
    const used = full ? values.map(() => 'other') : values;
    const key = used.join('\u0000');
    const known = this.cells.get(key);
    if (known !== undefined) return known.cell;
    const labels = Object.fromEntries(this.labelNames.map((name, index) => [name, used[index] ?? '']));
    const cell = this.make();
    this.cells.set(key, { labels, cell });
    return cell;
  }
}

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly metricName?: string;
}

function registerMetric(
  description: Description,
  type: 'counter' | 'gauge' | 'histogram',
  samples: () => Sample[],
): void {
  const metric = {
    ...description,
    get: () => Promise.resolve({ ...description, type, aggregator: 'sum', values: samples() }),
    reset: () => undefined,
  };
  // prom-client only ever asks a registered metric for `name` and `get()`; its type wants one of its own classes.
  register.registerMetric(metric as unknown as Metric);
}

/** A counter whose cells are plain numbers. */
export class FastCounter {
  readonly #cells: Cells<CounterCell>;

  constructor(description: Description) {
    this.#cells = new Cells(description.labelNames, () => new CounterCell());
    registerMetric(description, 'counter', () =>
      [...this.#cells.cells.values()].map(({ labels, cell }) => ({ labels, value: cell.count })),
    );
  }

  /** The cell of these label values, in the order of the label names. */
  cell(...values: string[]): CounterCell {
    return this.#cells.get(values);
  }
}

export interface Reading {
  /** Label values, in the order of the label names. */
  readonly labels: readonly string[];
  readonly value: number;
}

/** A gauge that has no value of its own: each scrape asks those who know. */
export class LiveGauge {
  readonly #readers = new Set<() => readonly Reading[]>();

  constructor(description: Description) {
    const { labelNames } = description;
    registerMetric(description, 'gauge', () =>
      [...this.#readers]
        .flatMap((read) => read())
        .map(({ labels, value }) => ({
          labels: Object.fromEntries(labelNames.map((name, index) => [name, labels[index] ?? ''])),
          value,
        })),
    );
  }

  /** Asks `read` at every scrape, until the answer is called. */
  watch(read: () => readonly Reading[]): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }
}

/** A histogram whose cells are plain numbers. */
export class FastHistogram {
  readonly #cells: Cells<HistogramCell>;

  constructor(description: Description & { readonly buckets: readonly number[] }) {
    const { buckets, ...rest } = description;
    this.#cells = new Cells(rest.labelNames, () => new HistogramCell(buckets));
    registerMetric(rest, 'histogram', () =>
      [...this.#cells.cells.values()].flatMap(({ labels, cell }) => histogramSamples(rest.name, buckets, labels, cell)),
    );
  }

  cell(...values: string[]): HistogramCell {
    return this.#cells.get(values);
  }
}

function histogramSamples(
  name: string,
  buckets: readonly number[],
  labels: Record<string, string>,
  cell: HistogramCell,
): Sample[] {
  let total = 0;
  const samples: Sample[] = [...buckets, Infinity].map((bound, index) => {
    total += cell.counts[index] ?? 0;
    const le = bound === Infinity ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  samples.push(
    { metricName: `${name}_sum`, labels, value: cell.sum },
    { metricName: `${name}_count`, labels, value: total },
  );
  return samples;
}
