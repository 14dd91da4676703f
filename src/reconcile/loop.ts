// The reconcile loop, written once: dirty keys in, one apply at a time, with pacing, retry and back-off.
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { DirtyKeys } from './dirty-keys.ts';
import { createWaiters } from './waiters.ts';
import type { Waiters } from './waiters.ts';

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

const RETRY_MS = 100;
const RETRY_MS_MAX = 30_000;

/** Starts a loop that applies all dirty keys together. Nothing runs before the first mark. */
export const startLoop = (options: LoopOptions): Loop => {
  const loop = new BatchLoop(options);
  return {
    mark: (key) => loop.keys.mark(key),
    markAfter: (key, delayMs) => loop.keys.markAfter(key, delayMs),
    whenIdle: () => loop.idle.wait(),
    stop: () => loop.stop(),
  };
};

class BatchLoop {
  readonly keys: DirtyKeys;
  readonly idle: Waiters = createWaiters(() => !this.#running && this.keys.isClear);
  readonly #options: LoopOptions;
  #lastStartMs = -Infinity;
  #running = false;
  #scheduled = false;

  constructor(options: LoopOptions) {
    const { name, retryMs = RETRY_MS, retryMsMax = RETRY_MS_MAX, clock } = options;
    this.#options = options;
    this.keys = new DirtyKeys({ name, retryMs, retryMsMax, clock, onDirty: () => this.#schedule() });
  }

  stop(): Promise<void> {
    this.keys.stop();
    this.idle.announce();
    return this.idle.wait();
  }

  // A microtask even when nothing holds it back: marks made in one go are applied in one go.
  #schedule(): void {
    if (this.#running || this.#scheduled || !this.keys.hasDirty) return;
    this.#scheduled = true;
    const { clock, minIntervalMs = 0 } = this.#options;
    const delayMs = this.#lastStartMs + minIntervalMs - clock.now();
    if (delayMs > 0) clock.after(delayMs, () => void this.#run());
    else queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    this.#scheduled = false;
    const dirty = this.keys.take();
    if (dirty.size === 0) return;
    this.#running = true;
    this.#lastStartMs = this.#options.clock.now();
    const end = this.keys.started();
    const failed = await this.#apply(dirty);
    end();
    for (const key of dirty) if (!failed.has(key)) this.keys.succeeded(key);
    for (const key of failed) this.keys.failed(key);
    this.#running = false;
    this.#schedule();
    this.idle.announce();
  }

  async #apply(dirty: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    try {
      return await this.#options.apply(dirty);
    } catch (error) {
      this.#options.log.error({ loop: this.#options.name, err: error }, 'apply failed, will retry');
      return dirty;
    }
  }
}
