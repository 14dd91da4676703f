// What a controller has asked for and its cache does not show yet. Until it does, the cache is stale and nothing may be
// decided by it: else one scale-up would be done twice. kubernetes pkg/controller/controller_utils.go (1.36).
import type { Clock } from '../../lang/clock.ts';

/** After this long an expectation is given up: the event was lost, and the cache is right again. */
const TIMEOUT_MS = 5 * 60_000;

type Expected = { creations: number; readonly deletions: Set<string>; readonly sinceMs: number };

export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces what was expected before: only called when that is met. */
  expect(key: string, creations: number, deletions: readonly string[]): void {
    this.#byKey.set(key, { creations, deletions: new Set(deletions), sinceMs: this.#clock.now() });
  }

  /** Called for each addition seen, and for each creation that failed and will never be seen. */
  creationSeen(key: string): void {
    const expected = this.#byKey.get(key);
    if (expected && expected.creations > 0) expected.creations--;
  }

  deletionSeen(key: string, uid: string): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  areMet(key: string): boolean {
    const expected = this.#byKey.get(key);
    if (!expected || this.#clock.now() - expected.sinceMs > TIMEOUT_MS) return true;
    return expected.creations === 0 && expected.deletions.size === 0;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
