// The reconcile loop, written once: dirty keys in, one apply at a time, with retry and back-off.
import { createLoopFrame } from './loop-frame.ts';
import type { FrameOptions, Loop } from './loop-frame.ts';

export type { Loop } from './loop-frame.ts';

export type LoopOptions = FrameOptions & {
  /**
   * Brings the keys' outside state in line. Called with all keys that are dirty at that moment, never twice at once.
   * Returns the keys that failed: those come again after a back-off. A throw counts as failure of all of them.
   */
  readonly apply: (dirty: ReadonlySet<string>) => Promise<ReadonlySet<string>>;
};

/** An apply is work for all that failed with it. */
const RETRY_MS = 100;

/** Starts a loop that applies all dirty keys together. Nothing runs before the first mark. */
export const startLoop = (options: LoopOptions): Loop => {
  let state: 'resting' | 'scheduled' | 'running' = 'resting';
  // A microtask even when nothing holds it back: marks made in one go are applied in one go.
  const schedule = (): void => {
    if (state !== 'resting' || !keys.hasDirty) return;
    state = 'scheduled';
    queueMicrotask(() => void run());
  };
  const run = async (): Promise<void> => {
    state = 'running';
    const dirty = keys.take();
    if (dirty.size > 0) await work(dirty);
    state = 'resting';
    schedule();
    rested();
  };
  const work = async (dirty: ReadonlySet<string>): Promise<void> => {
    const end = keys.started();
    const failed = await applied(options, dirty);
    end();
    for (const key of dirty) if (!failed.has(key)) keys.succeeded(key);
    for (const key of failed) keys.failed(key);
  };
  const { keys, rested, loop } = createLoopFrame(
    { retryMs: RETRY_MS, ...options },
    { onDirty: schedule, isRunning: () => state === 'running' },
  );
  return loop;
};

const applied = async (
  { name, apply, log }: LoopOptions,
  dirty: ReadonlySet<string>,
): Promise<ReadonlySet<string>> => {
  try {
    return await apply(dirty);
  } catch (error) {
    log.error({ loop: name, err: error }, 'apply failed, will retry');
    return dirty;
  }
};
