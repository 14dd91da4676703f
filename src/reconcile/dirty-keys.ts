// Which keys wait for work: dirty now, dirty after a delay, or failed and waiting for their retry.
import type { Clock, Timer } from '../lang/clock.ts';
import { createLoopMeter } from './metrics.ts';
import type { LoopMeter } from './metrics.ts';

export type DirtyKeysOptions = {
  /** Of the loop. */
  readonly name: string;
  readonly retryMs: number;
  readonly retryMsMax: number;
  readonly clock: Clock;
  /** Called each time that a key becomes dirty. */
  readonly onDirty: () => void;
};

type Delay = { readonly dueMs: number; readonly timer: Timer };

/** Owns the delay timers. After `stop` nothing becomes dirty any more. */
export class DirtyKeys {
  readonly #options: DirtyKeysOptions;
  /** To each key when it became dirty, by the meter. */
  readonly #dirty = new Map<string, number>();
  readonly #delays = new Map<string, Delay>();
  readonly #failures = new Map<string, number>();
  readonly #meter: LoopMeter;
  #stopped = false;

  constructor(options: DirtyKeysOptions) {
    this.#options = options;
    this.#meter = createLoopMeter(options.name);
  }

  mark(key: string): void {
    if (this.#stopped) return;
    this.#cancelDelay(key);
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#meter.added());
    this.#options.onDirty();
  }

  markAfter(key: string, delayMs: number): void {
    const { clock } = this.#options;
    const dueMs = clock.now() + delayMs;
    if (this.#stopped || this.#dirty.has(key) || this.#isDueBy(key, dueMs)) return;
    this.#cancelDelay(key);
    this.#delays.set(key, { dueMs, timer: clock.after(delayMs, () => this.mark(key)) });
  }

  /** Removes and returns up to `limit` dirty keys that `accept` lets through, the longest waiting first. */
  take(limit = Infinity, accept: (key: string) => boolean = () => true): ReadonlySet<string> {
    const taken = new Set<string>();
    for (const key of this.#dirty.keys()) {
      if (taken.size >= limit) break;
      if (accept(key)) taken.add(key);
    }
    for (const key of taken) this.#leave(key);
    return taken;
  }

  /** The work on keys that were taken began; the function that is returned is called at its end. */
  started(): () => void {
    return this.#meter.started();
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  /** Marks the key again after its back-off: retryMs, doubled with each failure in a row, up to retryMsMax. */
  failed(key: string): void {
    const { retryMs, retryMsMax } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#meter.retried();
    this.markAfter(key, Math.min(retryMs * 2 ** failures, retryMsMax));
  }

  get hasDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Nothing dirty and nothing waiting for a retry; keys delayed by markAfter do not count. */
  get isClear(): boolean {
    return this.#stopped || (this.#dirty.size === 0 && this.#failures.size === 0);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#delays.values()) timer.cancel();
    this.#delays.clear();
    for (const key of this.#dirty.keys()) this.#leave(key);
  }

  #leave(key: string): void {
    const sinceMs = this.#dirty.get(key);
    if (sinceMs === undefined) return;
    this.#dirty.delete(key);
    this.#meter.left(sinceMs);
  }

  #isDueBy(key: string, dueMs: number): boolean {
    const delay = this.#delays.get(key);
    return delay !== undefined && delay.dueMs <= dueMs;
  }

  #cancelDelay(key: string): void {
    this.#delays.get(key)?.timer.cancel();
    this.#delays.delete(key);
  }
}
