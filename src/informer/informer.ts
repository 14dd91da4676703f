// A local, indexed copy of one resource, kept by list and watch.
import { keyOf } from '../k8s/objects.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Log } from '../lang/log.ts';
import { Cache, type Change } from './cache.ts';
import { reflect } from './reflector.ts';
import type { ReflectorOptions } from './reflector.ts';

export type { Change } from './cache.ts';

export type Informer<T extends KubeObject> = {
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
  readonly stop: () => void;
};

export type InformerOptions<T extends KubeObject> = ReflectorOptions<T> & {
  readonly indexes?: Readonly<Record<string, (object: Stored<T>) => readonly string[]>>;
  /** Cuts an object down before it is cached, to save memory. */
  readonly transform?: (object: Stored<T>) => Stored<T>;
};

/** Starts to list and watch at once. Never throws: an API server that is away is tried again with back-off. */
export const startInformer = <T extends KubeObject>(options: InformerOptions<T>): Informer<T> => {
  const cache = new Cache<T>(options.indexes ?? {});
  const listeners = new Set<(change: Change<T>) => void>();
  const abort = new AbortController();
  let synced = false;
  const syncWaiters: (() => void)[] = [];

  // A listener that subscribes while changes are delivered has been given the whole cache: it is not in `hearing`.
  const deliver = (changes: readonly Change<T>[]): void => {
    const hearing = [...listeners];
    for (const change of changes) {
      for (const listener of hearing) if (listeners.has(listener)) hear(listener, change, options.log);
    }
  };
  const transform = options.transform ?? ((object: Stored<T>) => object);

  // When all is listed anew, what is as it was is not kept twice meanwhile.
  const unchanged = (item: Stored<T>): Stored<T> | undefined => {
    const present = cache.get(keyOf(item));
    return present?.metadata.resourceVersion === item.metadata.resourceVersion ? present : undefined;
  };

  let listed: Stored<T>[] = [];
  void reflect(options, abort.signal, {
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
  });

  return {
    get: (key) => cache.get(key),
    list: () => cache.list(),
    byIndex: (index, value) => cache.byIndex(index, value),
    hasSynced: () => synced,
    whenSynced: () => (synced ? Promise.resolve() : new Promise((resolve) => void syncWaiters.push(resolve))),
    subscribe: (listener) => {
      for (const after of cache.list())
        hear(listener, { key: keyOf(after), before: undefined, after }, options.log);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => {
      listeners.clear();
      abort.abort();
    },
  };
};

/** Resolves when all have their first complete list. Stays pending if one is stopped before that. */
export const whenAllSynced = async (
  ...informers: readonly Pick<Informer<never>, 'whenSynced'>[]
): Promise<void> => {
  await Promise.all(informers.map((informer) => informer.whenSynced()));
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
