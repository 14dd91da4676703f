// Daemons that fail come back ever more slowly: after 1 s, 2 s, 4 s, ... 15 minutes, on each node for itself.

const FIRST_MS = 1000;
const MOST_MS = 15 * 60_000;

type Delay = { readonly delayMs: number; readonly dueMs: number };

export class FailedPods {
  readonly #delayByKey = new Map<string, Delay>();

  isDue(key: string, nowMs: number): boolean {
    return nowMs >= (this.#delayByKey.get(key)?.dueMs ?? 0);
  }

  /** When the next one on that node may be replaced, in milliseconds since the epoch. */
  dueMs(key: string): number {
    return this.#delayByKey.get(key)?.dueMs ?? 0;
  }

  /** A delay that has been over for twice as long as it may last begins anew. */
  replaced(key: string, nowMs: number): void {
    const before = this.#delayByKey.get(key);
    const isRecent = before !== undefined && nowMs - before.dueMs < 2 * MOST_MS;
    const delayMs = isRecent ? Math.min(before.delayMs * 2, MOST_MS) : FIRST_MS;
    this.#delayByKey.set(key, { delayMs, dueMs: nowMs + delayMs });
  }

  forget(owner: string): void {
    for (const key of this.#delayByKey.keys()) if (key.startsWith(owner)) this.#delayByKey.delete(key);
  }
}
