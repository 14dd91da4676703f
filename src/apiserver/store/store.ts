// The state of the cluster: one table of objects a kind, one revision counter for all of them, and the recent changes.
// `put` and `remove` are the only places where a revision comes into being; whoever wants the state to survive the
// process writes it down there.
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { RegistryEvent } from '../registry.ts';
import { Change } from './change.ts';
import type { StoredObject } from './change.ts';
import { ChangeLog } from './change-log.ts';
import type { ChangeLogOptions } from './change-log.ts';
import { SortedMap } from './sorted-map.ts';
import { Watchers } from './watchers.ts';
import type { Watcher } from './watchers.ts';

/** One kind's objects, by `namespace/name` or `name`. */
export type Table = {
  readonly objects: SortedMap<StoredObject>;
  readonly changes: ChangeLog;
  readonly watchers: Watchers;
};

export type StoreOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly history?: ChangeLogOptions | undefined;
};

// etcd forgets what is older than kube-apiserver's compaction interval of five minutes.
const HISTORY: ChangeLogOptions = { changesMax: 10_000, ageMsMax: 5 * 60_000 };
// k8s.io/apiserver/pkg/storage/cacher/cacher.go: a bookmark about once a minute.
const BOOKMARK_INTERVAL_MS = 60_000;

/** Owns the objects. Everything is synchronous: a caller that reads and then writes without waiting is atomic. */
export class Store {
  readonly #options: StoreOptions;
  readonly #tables = new Map<string, Table>();
  readonly #undelivered: { readonly table: Table; readonly change: Change }[] = [];
  #revision = 1; // etcd's first; 0 means "any" to clients
  #bookmarksAreDue = false;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  table({ group, resource }: Resource): Table {
    const id = `${group}/${resource}`;
    const table = this.#tables.get(id) ?? {
      objects: new SortedMap<StoredObject>(),
      changes: new ChangeLog(this.#options.history ?? HISTORY),
      watchers: new Watchers(this.#options.log),
    };
    this.#tables.set(id, table);
    return table;
  }

  /** Stores the object under the next revision and tells the watchers. The store owns the object from here on. */
  put(table: Table, key: string, object: KubeObject): StoredObject {
    const resourceVersion = String(this.#revision + 1);
    const after = { ...object, metadata: { ...object.metadata, resourceVersion } } as StoredObject;
    this.#commit(table, key, after);
    table.objects.set(key, after);
    this.#deliver();
    return after;
  }

  /** Returns the object's last state, with the revision of its deletion. */
  remove(table: Table, key: string): StoredObject {
    const change = this.#commit(table, key, undefined);
    table.objects.delete(key);
    this.#deliver();
    return change.eventFor(() => true)!.object;
  }

  /** Begins to tell the watcher of what comes after its `since`. Returns how to end that. */
  watch(table: Table, watcher: Watcher): () => void {
    table.watchers.add(watcher);
    this.#bookmarkLater();
    return () => table.watchers.remove(watcher);
  }

  #commit(table: Table, key: string, after: StoredObject | undefined): Change {
    const timeMs = this.#options.clock.now();
    const revision = ++this.#revision;
    const change = new Change({ revision, timeMs, key, before: table.objects.get(key), after });
    table.changes.append(change);
    this.#undelivered.push({ table, change });
    return change;
  }

  // A watcher may write: its change waits until all have heard of the one before, so everyone sees the same order.
  #deliver(): void {
    if (this.#undelivered.length > 1) return;
    for (let next = this.#undelivered[0]; next; next = this.#undelivered[0]) {
      next.table.watchers.publish(next.change);
      this.#undelivered.shift();
    }
  }

  // Lets quiet watchers resume from a revision that is still known, and old changes be forgotten.
  #bookmark(): void {
    const resourceVersion = String(this.#revision);
    const event: RegistryEvent = { type: 'BOOKMARK', resourceVersion, initialEventsEnd: false };
    this.#bookmarksAreDue = false;
    for (const { changes, watchers } of this.#tables.values()) {
      changes.trim(this.#options.clock.now());
      watchers.bookmark(event);
    }
    if ([...this.#tables.values()].some(({ watchers }) => !watchers.isEmpty)) this.#bookmarkLater();
  }

  #bookmarkLater(): void {
    if (this.#bookmarksAreDue) return;
    this.#bookmarksAreDue = true;
    this.#options.clock.after(BOOKMARK_INTERVAL_MS, () => this.#bookmark());
  }
}
