// A number that goes up and down.
import { createCells } from './cells.ts';
import { familyOf } from './family.ts';
import type { Family, LabelValues, MetricSpec } from './family.ts';

export type Gauge<Names extends readonly string[] = readonly []> = Family & {
  readonly set: (value: number, ...values: LabelValues<Names>) => void;
  readonly add: (difference: number, ...values: LabelValues<Names>) => void;
  /** The series of these values, for hot paths. */
  readonly with: (...values: LabelValues<Names>) => { readonly add: (difference: number) => void };
};

export const gauge = <const Names extends readonly string[] = readonly []>(
  spec: MetricSpec<Names>,
): Gauge<Names> => {
  const cells = createCells(spec, () => ({ value: 0 }));
  return {
    ...familyOf(spec, 'gauge', () => cells.all().map(({ labels, cell }) => ({ labels, value: cell.value }))),
    set: (value, ...values) => void (cells.at(values).value = value),
    add: (difference, ...values) => void (cells.at(values).value += difference),
    with: (...values) => {
      const cell = cells.at(values);
      return { add: (difference) => void (cell.value += difference) };
    },
  };
};

/** A number that is looked up when somebody asks, and costs nothing before. */
export const measured = (
  spec: MetricSpec<readonly []> & { readonly type: 'counter' | 'gauge' },
  read: () => number,
): Family => familyOf(spec, spec.type, () => [{ labels: {}, value: read() }]);
