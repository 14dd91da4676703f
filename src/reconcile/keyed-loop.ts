// The loop for controllers that work key by key: several keys in parallel, never the same key twice at once.
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { DirtyKeys } from './dirty-keys.ts';
import type { Loop } from './loop.ts';
import { createWaiters } from './waiters.ts';
import type { Waiters } from './waiters.ts';

export type KeyedLoopOptions = {
  readonly name: string;
  /**
   * Brings one key in line. A throw brings the key again after a back-off; `afterMs` brings it again after that
   * time although it succeeded.
   */
  readonly reconcile: (key: string) => Promise<void | { readonly afterMs: number }>;
  /** How many keys are worked on at once; 1 or more. */
  readonly concurrency: number;
  readonly retryMs?: number;
  readonly retryMsMax?: number;
  /** Says which errors are everyday (a write conflict): they are retried without a line in the log. */
  readonly isExpected?: (error: unknown) => boolean;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts a loop that reconciles dirty keys one by one, up to `concurrency` of them at a time. */
export const startKeyedLoop = (options: KeyedLoopOptions): Loop => {
  const loop = new KeyedLoop(options);
  return {
    mark: (key) => loop.keys.mark(key),
    markAfter: (key, delayMs) => loop.keys.markAfter(key, delayMs),
    whenIdle: () => loop.idle.wait(),
    stop: () => loop.stop(),
  };
};

class KeyedLoop {
  readonly keys: DirtyKeys;
  readonly idle: Waiters = createWaiters(() => this.#running.size === 0 && this.keys.isClear);
  readonly #options: KeyedLoopOptions;
  readonly #running = new Set<string>();
  #scheduled = false;

  constructor(options: KeyedLoopOptions) {
    const { name, retryMs = 10, retryMsMax = 30_000, clock } = options;
    this.#options = options;
    this.keys = new DirtyKeys({ name, retryMs, retryMsMax, clock, onDirty: () => this.#schedule() });
  }

  stop(): Promise<void> {
    this.keys.stop();
    this.idle.announce();
    return this.idle.wait();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#startDue());
  }

  #startDue(): void {
    this.#scheduled = false;
    const free = this.#options.concurrency - this.#running.size;
    for (const key of this.keys.take(free, (candidate) => !this.#running.has(candidate))) {
      this.#running.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const end = this.keys.started();
    await this.#reconcile(key);
    end();
    this.#running.delete(key);
    this.#schedule();
    this.idle.announce();
  }

  async #reconcile(key: string): Promise<void> {
    const { reconcile, isExpected, log, name } = this.#options;
    try {
      const result = await reconcile(key);
      this.keys.succeeded(key);
      if (result) this.keys.markAfter(key, result.afterMs);
    } catch (error) {
      if (!isExpected?.(error)) log.error({ loop: name, key, err: error }, 'reconcile failed, will retry');
      this.keys.failed(key);
    }
  }
}
