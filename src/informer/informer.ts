// A local, indexed copy of one resource, kept by list and watch.
import type { ApiClient, ListOptions, WatchEvent } from '../client/client.ts';
import { ApiError } from '../k8s/api-error.ts';
import { keyOf } from '../k8s/objects.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { Cache, type Change } from './cache.ts';

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

export type InformerOptions<T extends KubeObject> = ListOptions & {
  readonly client: ApiClient;
  readonly resource: Resource<T>;
  readonly indexes?: Readonly<Record<string, (object: Stored<T>) => readonly string[]>>;
  /** Cuts an object down before it is cached, to save memory. */
  readonly transform?: (object: Stored<T>) => Stored<T>;
  readonly clock: Clock;
  readonly log: Log;
};

const RETRY_MS = 100;
const RETRY_MS_MAX = 30_000;

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

  void follow(options, abort.signal, {
    replace: (items) => {
      const changes = cache.replace(items.map(transform));
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

type Sink<T extends KubeObject> = {
  readonly replace: (items: readonly Stored<T>[]) => void;
  readonly event: (event: Exclude<WatchEvent<T>, { type: 'BOOKMARK' }>) => void;
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

/** Lists, then watches from there. A watch that ends is taken up where it ended; one that fails begins with a list. */
const follow = async <T extends KubeObject>(
  options: InformerOptions<T>,
  signal: AbortSignal,
  sink: Sink<T>,
): Promise<void> => {
  let resourceVersion: string | undefined;
  let quietRounds = 0;
  while (!signal.aborted) {
    try {
      resourceVersion ??= await list(options, signal, sink);
      for await (const event of watch(options, signal, resourceVersion)) {
        if (signal.aborted) return;
        quietRounds = 0;
        resourceVersion = versionOf(event);
        if (event.type !== 'BOOKMARK') sink.event(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      resourceVersion = undefined;
      report(options, error);
    }
    await pause(options.clock, Math.min(RETRY_MS * 2 ** quietRounds++, RETRY_MS_MAX), signal);
  }
};

const list = async <T extends KubeObject>(
  { client, resource, ...options }: InformerOptions<T>,
  signal: AbortSignal,
  sink: Sink<T>,
): Promise<string> => {
  const { items, resourceVersion } = await client.list(resource, scopeOf(options));
  if (!signal.aborted) sink.replace(items);
  return resourceVersion;
};

const watch = <T extends KubeObject>(
  { client, resource, ...options }: InformerOptions<T>,
  signal: AbortSignal,
  resourceVersion: string,
): AsyncIterable<WatchEvent<T>> => client.watch(resource, { ...scopeOf(options), resourceVersion, signal });

const scopeOf = ({ namespace, labelSelector, fieldSelector }: ListOptions): ListOptions => ({
  namespace,
  labelSelector,
  fieldSelector,
});

const versionOf = <T extends KubeObject>(event: WatchEvent<T>): string =>
  event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;

const report = <T extends KubeObject>({ log, resource }: InformerOptions<T>, error: unknown): void => {
  const expired = error instanceof ApiError && error.code === 410;
  if (expired) log.debug({ resource: resource.resource }, 'watch expired, listing again');
  else log.warn({ resource: resource.resource, err: error }, 'list or watch failed, listing again');
};

const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener('abort', done);
  });
