// What every reconcile loop has: dirty keys, those who wait until nothing is left to do, and an end.
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { DirtyKeys } from './dirty-keys.ts';
import { createWaiters } from './waiters.ts';

export type FrameOptions = {
  /** In logs and metrics. */
  readonly name: string;
  /** How long a key that failed waits for its retry; doubled with each failure in a row, up to retryMsMax. */
  readonly retryMs?: number;
  readonly retryMsMax?: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type Loop = {
  readonly mark: (key: string) => void;
  /** Marks the key after a delay; an earlier mark wins. */
  readonly markAfter: (key: string, delayMs: number) => void;
  /** Resolves when nothing is dirty, running or waiting for a retry. */
  readonly whenIdle: () => Promise<void>;
  /** Resolves when what runs is done; nothing runs after that. */
  readonly stop: () => Promise<void>;
};

type Work = {
  /** Called each time that a key becomes dirty. */
  readonly onDirty: () => void;
  readonly isRunning: () => boolean;
};

export type LoopFrame = {
  readonly keys: DirtyKeys;
  /** To be called when work has ended. */
  readonly rested: () => void;
  readonly loop: Loop;
};

const RETRY_MS = 10;
const RETRY_MS_MAX = 30_000;

export const createLoopFrame = (
  { name, retryMs = RETRY_MS, retryMsMax = RETRY_MS_MAX, clock }: FrameOptions,
  { onDirty, isRunning }: Work,
): LoopFrame => {
  const keys = new DirtyKeys({ name, retryMs, retryMsMax, clock, onDirty });
  const idle = createWaiters(() => !isRunning() && keys.isClear);
  return {
    keys,
    rested: idle.announce,
    loop: {
      mark: (key) => keys.mark(key),
      markAfter: (key, delayMs) => keys.markAfter(key, delayMs),
      whenIdle: idle.wait,
      stop: () => {
        keys.stop();
        idle.announce();
        return idle.wait();
      },
    },
  };
};
