// The reconcile loop, written once: dirty keys in, one apply at a time, with pacing, retry and back-off.
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';

export type LoopOptions = {
  readonly name: string;
  /**
   * Brings the keys' outside state in line. Called with all keys that are dirty at that moment, never twice at once.
   * Returns the keys that failed: those come again after a back-off. A throw counts as failure of all of them.
   */
  readonly apply: (dirty: ReadonlySet<string>) => Promise<ReadonlySet<string>>;
  /** The least time between two applies; 0 for at once. */
  readonly minIntervalMs?: number;
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
  readonly stop: () => Promise<void>;
};
