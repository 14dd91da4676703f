// A local, indexed copy of one resource, kept by list and watch.
import type { ApiClient, ListOptions } from '../client/client.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';

/** One object's change: added (no `before`), updated, or deleted (no `after`). */
export type Change<T extends KubeObject> = {
  readonly key: string;
  readonly before: Stored<T> | undefined;
  readonly after: Stored<T> | undefined;
};

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
