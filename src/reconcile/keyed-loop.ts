// The loop for controllers that work key by key: several keys in parallel, never the same key twice at once.
import { createLoopFrame } from './loop-frame.ts';
import type { FrameOptions, Loop } from './loop-frame.ts';

export type KeyedLoopOptions = FrameOptions & {
  /**
   * Brings one key in line. A throw brings the key again after a back-off; `afterMs` brings it again after that
   * time, or after an hour if that is sooner, although it succeeded.
   */
  readonly reconcile: (key: string) => Promise<void | { readonly afterMs: number }>;
  /** How many keys are worked on at once; 1 or more. */
  readonly concurrency: number;
  /** Says which errors are everyday (a write conflict): they are retried without a line in the log. */
  readonly isExpected?: (error: unknown) => boolean;
};

/** A timer cannot wait longer than 24 days; looking again each hour costs nothing. */
const WAIT_MS_MAX = 3_600_000;

/** Starts a loop that reconciles dirty keys one by one, up to `concurrency` of them at a time. */
export const startKeyedLoop = (options: KeyedLoopOptions): Loop => {
  const { name, reconcile, concurrency, isExpected, log } = options;
  const running = new Set<string>();
  let isScheduled = false;
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(startDue);
  };
  const startDue = (): void => {
    isScheduled = false;
    for (const key of keys.take(concurrency - running.size, (candidate) => !running.has(candidate)))
      void work(key);
  };
  const work = async (key: string): Promise<void> => {
    running.add(key);
    const end = keys.started();
    await reconciled(key);
    end();
    running.delete(key);
    schedule();
    rested();
  };
  const reconciled = async (key: string): Promise<void> => {
    try {
      const result = await reconcile(key);
      keys.succeeded(key);
      if (result) keys.markAfter(key, Math.min(result.afterMs, WAIT_MS_MAX));
    } catch (error) {
      if (!isExpected?.(error)) log.error({ loop: name, key, err: error }, 'reconcile failed, will retry');
      keys.failed(key);
    }
  };
  const { keys, rested, loop } = createLoopFrame(options, {
    onDirty: schedule,
    isRunning: () => running.size > 0,
  });
  return loop;
};
