// What one write takes from the node ports and gives back to them. Taken at once, so that the write's other ports do not
// get the same; given back only when the write is done.
import type { NodePortPool, Taken } from './node-port-pool.ts';

export type Transaction = {
  /** What the pool's range is called in messages. */
  readonly range: string;
  readonly take: (port: number) => Taken;
  readonly takeAny: () => number | undefined;
  /** Gives it back when the write succeeds. */
  readonly release: (port: number) => void;
  readonly commit: () => void;
  readonly rollback: () => void;
};

/** In a dry run nothing stays taken, and nothing is given back. */
export const startTransaction = (pool: NodePortPool, dryRun: boolean): Transaction => {
  const taken: number[] = [];
  const released: number[] = [];
  const giveBack = (ports: number[]) => (): void => {
    for (const port of ports.splice(0)) pool.release(port);
  };
  const rollback = giveBack(taken);
  return {
    range: pool.range,
    take: (port) => {
      const result = pool.take(port);
      if (result === 'taken') taken.push(port);
      return result;
    },
    takeAny: () => {
      const port = pool.takeAny();
      if (port !== undefined) taken.push(port);
      return port;
    },
    release: (port) => void released.push(port),
    commit: dryRun ? rollback : giveBack(released),
    rollback,
  };
};
