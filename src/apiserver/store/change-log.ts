// The recent changes of one kind, oldest first: what a watch is resumed from and what a list at an older revision is
// worked out with. Older ones are forgotten, and who needs them is told that they have expired.
import type { Change } from './change.ts';

export type ChangeLogOptions = { readonly changesMax: number; readonly ageMsMax: number };

export class ChangeLog {
  readonly #options: ChangeLogOptions;
  #changes: Change[] = [];
  #start = 0; // entries before it are forgotten, and cut off in batches
  #forgotten: number;

  /** `forgotten`: changes up to this revision were made before this log began. */
  constructor(options: ChangeLogOptions, forgotten = 0) {
    this.#options = options;
    this.#forgotten = forgotten;
  }

  /** The revision of the newest change that is no longer here: from it on everything is known, before it nothing. */
  get forgotten(): number {
    return this.#forgotten;
  }

  append(change: Change): void {
    this.#changes.push(change);
    this.trim(change.timeMs);
  }

  /** All changes after `revision`; undefined if some of them are forgotten. O(log n + result). */
  since(revision: number): readonly Change[] | undefined {
    return revision < this.#forgotten ? undefined : this.#changes.slice(this.#indexAfter(revision));
  }

  /** Forgets what is too old or too much. */
  trim(nowMs: number): void {
    const { changesMax, ageMsMax } = this.#options;
    while (this.#start < this.#changes.length) {
      const oldest = this.#changes[this.#start]!;
      const isKept = this.#changes.length - this.#start <= changesMax && nowMs - oldest.timeMs <= ageMsMax;
      if (isKept) break;
      this.#forgotten = oldest.revision;
      this.#start++;
    }
    if (this.#start > this.#changes.length / 2) this.#cut();
  }

  #cut(): void {
    this.#changes = this.#changes.slice(this.#start);
    this.#start = 0;
  }

  #indexAfter(revision: number): number {
    let [low, high] = [this.#start, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
