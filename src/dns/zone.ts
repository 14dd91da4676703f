// The zone as a table from names to records. Each owner (a Service, a namespace) brings its own records; several may
// share a name: the reverse name of a pod that two headless Services have.
import type { RecordData } from '../wire/dns/message.ts';
import { diffRecords } from './diff.ts';
import { NAME_ONLY, toLine, toText } from './state.ts';
import type { ZoneRecord } from './state.ts';

/** The data of each type, in the order in which it came. */
export type RecordSets = ReadonlyMap<number, readonly RecordData[]>;

export type Lookup =
  | { readonly kind: 'found'; readonly sets: RecordSets }
  /** Nothing here, but there are names below it, so it exists (RFC 8020). */
  | { readonly kind: 'empty' }
  | { readonly kind: 'absent' };

type Owned = { readonly owner: string; readonly record: ZoneRecord };
type Entry = readonly Owned[];

const NOTHING: Entry = [];

export class Zone {
  readonly #recordsByOwner = new Map<string, readonly ZoneRecord[]>();
  readonly #entryByName = new Map<string, Entry>();
  /** How many names there are below a name. */
  readonly #namesBelow = new Map<string, number>();
  readonly #onChange: (name: string) => void;

  /** `onChange` hears of each name for which lookUp() now says something else. */
  constructor(onChange: (name: string) => void = () => {}) {
    this.#onChange = onChange;
  }

  /** `name` in lower case. O(records of the name): answers are kept, so it is not asked often. */
  lookUp(name: string): Lookup {
    const entry = this.#entryByName.get(name);
    if (entry) return { kind: 'found', sets: setsOf(entry) };
    return this.#namesBelow.has(name) ? { kind: 'empty' } : { kind: 'absent' };
  }

  /** Makes `records` all that the owner has. O(changed records). Returns whether anything changed. */
  set(owner: string, records: readonly ZoneRecord[]): boolean {
    const { removed, added } = diffRecords(this.#recordsByOwner.get(owner) ?? [], records);
    if (records.length > 0) this.#recordsByOwner.set(owner, records);
    else this.#recordsByOwner.delete(owner);
    if (removed.length + added.length === 0) return false;
    const removedByName = Map.groupBy(removed, ({ name }) => name);
    const addedByName = Map.groupBy(added, ({ name }) => name);
    for (const name of new Set([...removedByName.keys(), ...addedByName.keys()]))
      this.#change(name, owner, removedByName.get(name) ?? [], addedByName.get(name) ?? []);
    return true;
  }

  /** The whole zone as zone file lines. */
  toText(ttlSeconds?: number): string {
    return toText([...this.#recordsByOwner.values()].flat(), ttlSeconds);
  }

  #change(name: string, owner: string, removed: readonly ZoneRecord[], added: readonly ZoneRecord[]): void {
    const before = this.#entryByName.get(name) ?? NOTHING;
    const gone = new Set(removed.map((record) => toLine(record)));
    const owned = [
      ...before.filter((each) => gone.size === 0 || each.owner !== owner || !gone.has(toLine(each.record))),
      ...added.map((record) => ({ owner, record })),
    ];
    if (before === NOTHING) this.#countBelow(name, 1);
    if (owned.length > 0) {
      this.#entryByName.set(name, owned);
    } else {
      this.#entryByName.delete(name);
      this.#countBelow(name, -1);
    }
    this.#onChange(name);
  }

  #countBelow(name: string, by: 1 | -1): void {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const above = name.slice(dot + 1);
      const before = this.#namesBelow.get(above) ?? 0;
      const count = before + by;
      if (before === 0 || count === 0) this.#onChange(above);
      if (count > 0) this.#namesBelow.set(above, count);
      else this.#namesBelow.delete(above);
    }
  }
}

const setsOf = (owned: readonly Owned[]): RecordSets => {
  const sets = new Map<number, RecordData[]>();
  for (const { record } of owned) {
    if (record.type === NAME_ONLY) continue;
    const set = sets.get(record.type) ?? [];
    sets.set(record.type, set);
    set.push(record.data);
  }
  return sets;
};
