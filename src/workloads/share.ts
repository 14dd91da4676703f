// Counts that may be shares of a whole: `3` or `25%`.
import type { IntOrString } from '../k8s/generated/types.ts';

export const share = (value: IntOrString, total: number, round: (n: number) => number): number =>
  typeof value === 'string' && value.endsWith('%')
    ? round((Number.parseInt(value, 10) * total) / 100)
    : Number(value);
