// What a store needs of a disk. Clients outside the process hear of a write only when it is settled, so what they have
// heard of is never taken back; those in the process hear of it at once, and end with it.
import type { StoredObject } from './change.ts';

export type JournalEntry = {
  /** The table's: `group/resource`. */
  readonly table: string;
  readonly key: string;
  readonly revision: number;
  /** Undefined: removed. */
  readonly object: StoredObject | undefined;
};

export type Journal = {
  /** Writes all entries or none. Throws JournalError: then nothing has happened. */
  readonly write: (entries: readonly JournalEntry[]) => void;
  /** All writes up to this revision survive a power cut. */
  readonly settled: () => number;
  /** Resolves when `settled` has come so far; rejects if it never will. */
  readonly whenSettled: (revision: number) => Promise<void>;
  /** Calls back, once for many writes, whenever `settled` has risen. */
  readonly onSettled: (heard: () => void) => void;
};

/** What a journal had written before this process began. */
export type Restored = {
  /** Of the newest write, whether or not its object is still there. */
  readonly revision: number;
  /** In any order. */
  readonly entries: Iterable<Omit<JournalEntry, 'revision'> & { readonly object: StoredObject }>;
};
