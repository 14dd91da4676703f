// The numbers of one metric, one cell for each combination of label values.
import type { MetricSpec } from './family.ts';

export type Cells<Cell> = {
  /** The cell of these values, made by the first who asks. */
  readonly at: (values: readonly string[]) => Cell;
  readonly all: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }[];
};

/** A metric without labels shows its cell from the start, as Prometheus advises: a missing series is not a zero. */
export const createCells = <Cell>({ labels = [] }: MetricSpec, newCell: () => Cell): Cells<Cell> => {
  const byKey = new Map<string, { readonly labels: Record<string, string>; readonly cell: Cell }>();
  const add = (key: string, values: readonly string[]): Cell => {
    const cell = newCell();
    byKey.set(key, { cell, labels: Object.fromEntries(labels.map((name, index) => [name, values[index]!])) });
    return cell;
  };
  if (labels.length === 0) add('', []);
  return {
    at: (values) => {
      const key = values.length === 1 ? values[0]! : values.join('\0');
      return byKey.get(key)?.cell ?? add(key, values);
    },
    all: () => [...byKey.values()],
  };
};
