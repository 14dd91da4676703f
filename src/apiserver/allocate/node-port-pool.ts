// The cluster's node ports. They are kept in memory only: the pool is filled from the stored Services.
import { createNumberPool, lowerBandSize } from './number-pool.ts';
import type { ServiceRanges } from './service-ranges.ts';

export type Taken = 'taken' | 'in use' | 'out of range';

export type NodePortPool = {
  /** What the range is called in messages. */
  readonly range: string;
  readonly take: (port: number) => Taken;
  /** Undefined if none is left. */
  readonly takeAny: () => number | undefined;
  readonly release: (port: number) => void;
};

export const createNodePortPool = ({ first, last }: ServiceRanges['nodePortRange']): NodePortPool => {
  const lowerSize = lowerBandSize(last - first + 1, 32, 128);
  const { isInRange, take, takeAny, release } = createNumberPool({ first, last, lowerSize });
  return {
    range: `${first}-${last}`,
    take: (port) => {
      if (!isInRange(port)) return 'out of range';
      return take(port) ? 'taken' : 'in use';
    },
    takeAny,
    release,
  };
};
