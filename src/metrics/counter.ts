// A number that only grows.
import { createCells } from './cells.ts';
import { familyOf } from './family.ts';
import type { Family, LabelValues, MetricSpec } from './family.ts';

export type Counter<Names extends readonly string[] = readonly []> = Family & {
  readonly inc: (by: number, ...values: LabelValues<Names>) => void;
};

export const counter = <const Names extends readonly string[] = readonly []>(
  spec: MetricSpec<Names>,
): Counter<Names> => {
  const cells = createCells(spec, () => ({ value: 0 }));
  return {
    ...familyOf(spec, 'counter', () =>
      cells.all().map(({ labels, cell }) => ({ labels, value: cell.value })),
    ),
    inc: (by, ...values) => void (cells.at(values).value += by),
  };
};
