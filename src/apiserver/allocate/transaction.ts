// What one write takes from the pools and gives back to them. Taken at once, so that no other write gets the same;
// given back only when the write is done.
import type { Allocation } from '../kind.ts';
import type { Pool, Taken } from './service-pools.ts';

export type Transaction = {
  readonly take: <Name>(pool: Pool<Name>, name: Name) => Taken;
  readonly takeAny: <Name>(pool: Pool<Name>) => Name | undefined;
  /** Gives it back when the write succeeds. */
  readonly release: <Name>(pool: Pool<Name>, name: Name) => void;
  readonly rollback: () => void;
  readonly result: () => Allocation;
};

/** In a dry run nothing stays taken, and nothing is given back. */
export const startTransaction = (dryRun: boolean): Transaction => {
  const onRollback: (() => void)[] = [];
  const onCommit: (() => void)[] = [];
  const finish = (actions: (() => void)[]) => (): void => {
    for (const action of actions.splice(0)) action();
  };
  const rollback = finish(onRollback);
  return {
    take: (pool, name) => {
      const taken = pool.take(name);
      if (taken === 'taken') onRollback.push(() => pool.release(name));
      return taken;
    },
    takeAny: (pool) => {
      const name = pool.takeAny();
      if (name !== undefined) onRollback.push(() => pool.release(name));
      return name;
    },
    release: (pool, name) => onCommit.push(() => pool.release(name)),
    rollback,
    result: () => ({ ok: true, commit: dryRun ? rollback : finish(onCommit), rollback }),
  };
};
