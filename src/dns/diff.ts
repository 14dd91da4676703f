// What changed in one owner's records.
import { toLine } from './state.ts';
import type { ZoneRecord } from './state.ts';

export type RecordChanges = {
  readonly removed: readonly ZoneRecord[];
  readonly added: readonly ZoneRecord[];
};

/** Two records are the same if they print the same. O(records of the owner). */
export const diffRecords = (before: readonly ZoneRecord[], after: readonly ZoneRecord[]): RecordChanges => {
  const [old, present] = [byLine(before), byLine(after)];
  return {
    removed: [...old].filter(([line]) => !present.has(line)).map(([, record]) => record),
    added: [...present].filter(([line]) => !old.has(line)).map(([, record]) => record),
  };
};

const byLine = (records: readonly ZoneRecord[]): ReadonlyMap<string, ZoneRecord> =>
  new Map(records.map((record) => [toLine(record), record]));
