// The state of the cluster: one table of objects a kind, one revision counter for all of them, and the recent changes.
// `write` is the only place where a revision comes into being: it is in the journal, if there is one, before anyone sees it.
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { RegistryEvent } from '../registry.ts';
import { Change } from './change.ts';
import type { StoredObject } from './change.ts';
import { ChangeLog } from './change-log.ts';
import type { ChangeLogOptions } from './change-log.ts';
import type { Journal, Restored } from './journal.ts';
import { SortedMap } from './sorted-map.ts';
import { Watchers } from './watchers.ts';
import type { Watcher } from './watchers.ts';

/** One kind's objects, by `namespace/name` or `name`. */
export type Table = {
  /** `group/resource`. */
  readonly id: string;
  readonly objects: SortedMap<StoredObject>;
  readonly changes: ChangeLog;
  readonly watchers: Watchers;
};

/** One object to store, or to remove where there is none. */
export type Step = { readonly table: Table; readonly key: string; readonly object: KubeObject | undefined };

export type StoreOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly history?: ChangeLogOptions | undefined;
  /** Without one everything is in memory only. */
  readonly journal?: Journal | undefined;
  readonly restored?: Restored | undefined;
};

// etcd forgets what is older than kube-apiserver's compaction interval of five minutes.
const HISTORY: ChangeLogOptions = { changesMax: 10_000, ageMsMax: 5 * 60_000 };
// k8s.io/apiserver/pkg/storage/cacher/cacher.go: a bookmark about once a minute.
const BOOKMARK_INTERVAL_MS = 60_000;
const FIRST_REVISION = 1; // etcd's; 0 means "any" to clients

type Delivery = { readonly table: Table; readonly change: Change };

/** Owns the objects. Everything is synchronous: a caller that reads and then writes without waiting is atomic. */
export class Store {
  readonly #options: Omit<StoreOptions, 'restored'>;
  readonly #tables = new Map<string, Table>();
  /** Changes up to this one were made by another process: nothing is known of them. */
  readonly #before: number;
  readonly #undelivered: Delivery[] = [];
  /** Delivered here, but not yet to those outside of the process. */
  #unsettled: Delivery[] = [];
  #revision: number;
  #isDelivering = false;
  #bookmarksAreDue = false;

  constructor({ restored, ...options }: StoreOptions) {
    this.#options = options;
    this.#before = restored?.revision ?? 0;
    this.#revision = Math.max(FIRST_REVISION, this.#before);
    for (const { table, key, object } of restored?.entries ?? []) this.#table(table).objects.set(key, object);
    options.journal?.onSettled(() => this.#deliverOutside());
  }

  get revision(): number {
    return this.#revision;
  }

  /** The newest revision that those outside of the process may hear of. */
  get settledRevision(): number {
    return Math.min(this.#revision, this.#options.journal?.settled() ?? this.#revision);
  }

  /** Resolves when all that has been written so far is settled; undefined if it is. Rejects when the disk failed. */
  settled(): Promise<void> | undefined {
    const { journal } = this.#options;
    return journal && journal.settled() < this.#revision ? journal.whenSettled(this.#revision) : undefined;
  }

  table({ group, resource }: Resource): Table {
    return this.#table(`${group}/${resource}`);
  }

  /** Whether anything of the kind has ever been asked for or stored: looking makes no table. */
  has({ group, resource }: Pick<Resource, 'group' | 'resource'>): boolean {
    return this.#tables.has(`${group}/${resource}`);
  }

  /** Stores the object under the next revision and tells the watchers. The store owns the object from here on. */
  put(table: Table, key: string, object: KubeObject): StoredObject {
    return this.write([{ table, key, object }])[0]!.after!;
  }

  /** Returns the object's last state, with the revision of its deletion. */
  remove(table: Table, key: string): StoredObject {
    return this.write([{ table, key, object: undefined }])[0]!.eventFor(() => true)!.object;
  }

  /** All steps or none, each under a revision of its own. Throws what the journal throws: then nothing has happened. */
  write(steps: readonly Step[]): readonly Change[] {
    const timeMs = this.#options.clock.now();
    const changes = steps.map((step, index) => changeOf(step, this.#revision + 1 + index, timeMs));
    this.#options.journal?.write(
      changes.map(({ revision, key, after }, index) => ({
        table: steps[index]!.table.id,
        key,
        revision,
        object: after,
      })),
    );
    for (const [index, change] of changes.entries()) this.#commit(steps[index]!.table, change);
    this.#deliver();
    return changes;
  }

  /** Begins to tell the watcher of what comes after its `since`. Returns how to end that. */
  watch(table: Table, watcher: Watcher): () => void {
    table.watchers.add(watcher);
    this.#bookmarkLater();
    return () => table.watchers.remove(watcher);
  }

  #table(id: string): Table {
    const table = this.#tables.get(id) ?? {
      id,
      objects: new SortedMap<StoredObject>(),
      changes: new ChangeLog(this.#options.history ?? HISTORY, this.#before),
      watchers: new Watchers(this.#options.log),
    };
    this.#tables.set(id, table);
    return table;
  }

  #commit(table: Table, change: Change): void {
    this.#revision = change.revision;
    table.changes.append(change);
    if (change.after) table.objects.set(change.key, change.after);
    else table.objects.delete(change.key);
    this.#undelivered.push({ table, change });
  }

  // A watcher may write: its change waits until all have heard of the one before, so everyone sees the same order.
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    const { journal } = this.#options;
    for (let next = this.#undelivered[0]; next; next = this.#undelivered[0]) {
      next.table.watchers.publish(next.change, journal ? 'inside' : 'everywhere');
      if (journal) this.#unsettled.push(next);
      this.#undelivered.shift();
    }
    this.#isDelivering = false;
  }

  #deliverOutside(): void {
    const settled = this.settledRevision;
    const due = this.#unsettled.findIndex(({ change }) => change.revision > settled);
    const ready = this.#unsettled.splice(0, due < 0 ? this.#unsettled.length : due);
    for (const { table, change } of ready) table.watchers.publish(change, 'outside');
  }

  // Lets quiet watchers resume from a revision that is still known, and old changes be forgotten.
  #bookmark(): void {
    this.#bookmarksAreDue = false;
    const [inside, outside] = [bookmarkAt(this.#revision), bookmarkAt(this.settledRevision)];
    for (const { changes, watchers } of this.#tables.values()) {
      changes.trim(this.#options.clock.now());
      watchers.bookmark(inside, outside);
    }
    if ([...this.#tables.values()].some(({ watchers }) => !watchers.isEmpty)) this.#bookmarkLater();
  }

  #bookmarkLater(): void {
    if (this.#bookmarksAreDue) return;
    this.#bookmarksAreDue = true;
    this.#options.clock.after(BOOKMARK_INTERVAL_MS, () => this.#bookmark());
  }
}

const changeOf = ({ table, key, object }: Step, revision: number, timeMs: number): Change => {
  const resourceVersion = String(revision);
  const after = object && ({ ...object, metadata: { ...object.metadata, resourceVersion } } as StoredObject);
  return new Change({ revision, timeMs, key, before: table.objects.get(key), after });
};

const bookmarkAt = (revision: number): RegistryEvent => ({
  type: 'BOOKMARK',
  resourceVersion: String(revision),
  initialEventsEnd: false,
});
