// How often values fell below each of some bounds.
import { createCells } from './cells.ts';
import { familyOf } from './family.ts';
import type { Family, LabelValues, MetricSpec, Sample } from './family.ts';

export type Histogram<Names extends readonly string[] = readonly []> = Family & {
  /** O(bounds below the value). */
  readonly observe: (value: number, ...values: LabelValues<Names>) => void;
  /** The series of these values, for hot paths. */
  readonly with: (...values: LabelValues<Names>) => { readonly observe: (value: number) => void };
};

/** `counts` are of the values above the bound before and up to their own; the last has no bound. */
type Cell = { readonly counts: number[]; sum: number };

/** `bounds` ascend. */
export const histogram = <const Names extends readonly string[] = readonly []>(
  spec: MetricSpec<Names> & { readonly bounds: readonly number[] },
): Histogram<Names> => {
  const { bounds, name } = spec;
  const newCell = (): Cell => ({ counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 });
  const cells = createCells(spec, newCell);
  const samples = (): Sample[] =>
    cells.all().flatMap(({ labels, cell }) => cellSamples(name, bounds, labels, cell));
  return {
    ...familyOf(spec, 'histogram', samples),
    observe: (value, ...values) => put(cells.at(values), bounds, value),
    with: (...values) => {
      const cell = cells.at(values);
      return { observe: (value) => put(cell, bounds, value) };
    },
  };
};

const put = (cell: Cell, bounds: readonly number[], value: number): void => {
  let index = 0;
  while (index < bounds.length && value > bounds[index]!) index++;
  cell.counts[index]!++;
  cell.sum += value;
};

/** Cumulative, as the text format wants them. */
const cellSamples = (
  name: string,
  bounds: readonly number[],
  labels: Sample['labels'],
  { counts, sum }: Cell,
): readonly Sample[] => {
  let total = 0;
  const buckets = counts.map((count, index) => {
    const le = index < bounds.length ? String(bounds[index]) : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: (total += count) };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
};

/** `count` bounds from `first` on, each `factor` times the one before. */
export const exponentialBounds = (first: number, factor: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Number((first * factor ** index).toPrecision(12)));

/** `count` bounds from `first` on, `step` apart. */
export const linearBounds = (first: number, step: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + step * index);

/** client_golang's DefBuckets: for requests of milliseconds to seconds. */
export const DEFAULT_BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
