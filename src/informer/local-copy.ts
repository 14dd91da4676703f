// What an informer is apart from where its objects come from: a cache, and those who hear of its changes.
import { keyOf } from '../k8s/objects.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Log } from '../lang/log.ts';
import { Cache } from './cache.ts';
import type { Change, Indexes } from './cache.ts';
import type { Reflection } from './reflector.ts';

export type LocalCopyOptions<T extends KubeObject> = {
  readonly indexes?: Indexes<T>;
  /** Cuts an object down before it is cached, to save memory. */
  readonly transform?: (object: Stored<T>) => Stored<T>;
  readonly log: Log;
};

export type LocalCopy<T extends KubeObject> = {
  /** By `namespace/name`, or `name`. */
  readonly get: (key: string) => Stored<T> | undefined;
  readonly list: () => readonly Stored<T>[];
  /** The objects for which the index function of that name gave `value`. */
  readonly byIndex: (index: string, value: string) => readonly Stored<T>[];
  /** True after the first complete list: before that, absence means nothing. */
  readonly hasSynced: () => boolean;
  readonly whenSynced: () => Promise<void>;
  /** Hears each change from now on, after the cache has it; objects already there are delivered at once as added. */
  readonly subscribe: (listener: (change: Change<T>) => void) => () => void;
};

/** `sink` fills it. After `close` nobody hears of anything. */
export const createLocalCopy = <T extends KubeObject>({
  indexes = {},
  transform = (object) => object,
  log,
}: LocalCopyOptions<T>): {
  readonly copy: LocalCopy<T>;
  readonly sink: Reflection<T>;
  readonly close: () => void;
} => {
  const cache = new Cache<T>(indexes);
  const listeners = new Set<(change: Change<T>) => void>();
  let synced = false;
  const syncWaiters: (() => void)[] = [];

  // A listener that subscribes while changes are delivered has been given the whole cache: it is not in `hearing`.
  const deliver = (changes: readonly Change<T>[]): void => {
    const hearing = [...listeners];
    for (const change of changes) {
      for (const listener of hearing) if (listeners.has(listener)) hear(listener, change, log);
    }
  };

  // When all is listed anew, what is as it was is not kept twice meanwhile.
  const unchanged = (item: Stored<T>): Stored<T> | undefined => {
    const present = cache.get(keyOf(item));
    return present?.metadata.resourceVersion === item.metadata.resourceVersion ? present : undefined;
  };

  let listed: Stored<T>[] = [];
  const sink: Reflection<T> = {
    begin: () => void (listed = []),
    page: (items) => items.forEach((item) => listed.push(unchanged(item) ?? transform(item))),
    end: () => {
      const changes = cache.replace(listed);
      listed = [];
      synced = true;
      deliver(changes);
      for (const resolve of syncWaiters.splice(0)) resolve();
    },
    event: ({ type, object }) =>
      deliver(type === 'DELETED' ? cache.delete(transform(object)) : cache.set(transform(object))),
  };

  const copy: LocalCopy<T> = {
    get: (key) => cache.get(key),
    list: () => cache.list(),
    byIndex: (index, value) => cache.byIndex(index, value),
    hasSynced: () => synced,
    whenSynced: () => (synced ? Promise.resolve() : new Promise((resolve) => void syncWaiters.push(resolve))),
    subscribe: (listener) => {
      for (const after of cache.list()) hear(listener, { key: keyOf(after), before: undefined, after }, log);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return { copy, sink, close: () => listeners.clear() };
};

// One bad listener must not stop the others, nor the informer.
const hear = <T extends KubeObject>(
  listener: (change: Change<T>) => void,
  change: Change<T>,
  log: Log,
): void => {
  try {
    listener(change);
  } catch (error) {
    log.error({ key: change.key, err: error }, 'informer listener failed');
  }
};
