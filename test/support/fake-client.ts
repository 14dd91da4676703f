// An API in memory behind the ApiClient interface: enough of it (versions, watches, conflicts, selectors by equality,
// owner-blind deletion) for tests of informers and controllers, and a script of faults on top.
import { randomUUID } from 'node:crypto';
import type {
  ApiClient,
  DeleteRequest,
  ListOptions,
  ObjectRef,
  WatchEvent,
} from '../../src/client/client.ts';
import { ApiError, failure } from '../../src/k8s/api-error.ts';
import { joinKey, keyOf } from '../../src/k8s/objects.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { apiVersionOf } from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';

type AnyObject = Stored<KubeObject> & Record<string, unknown>;
type Recorded = {
  readonly resource: string;
  readonly version: number;
  readonly event: WatchEvent<KubeObject>;
};
type Call = {
  readonly verb: string;
  readonly resource: string;
  readonly key: string;
  readonly body?: unknown;
};

export type FakeClient = ApiClient & {
  /** Every call so far, oldest first. */
  readonly calls: readonly Call[];
  /** Creates or replaces an object as someone else would: not in `calls`. */
  readonly put: <T extends KubeObject>(resource: Resource<T>, object: T) => Stored<T>;
  readonly remove: (resource: Resource, key: string) => void;
  readonly all: <T extends KubeObject>(resource: Resource<T>) => readonly Stored<T>[];
  /** The next call of that verb (`list`, `watch`, `create`, ...) throws `error` instead. */
  readonly failNext: (verb: string, error: Error) => void;
  /** The next call of that verb gets no answer before the function that is returned is called. */
  readonly holdNext: (verb: string) => () => void;
  /** All open watches end: normally, or with `error`. */
  readonly endWatches: (error?: Error) => void;
  /** Sends a bookmark at the present version to every open watch. */
  readonly bookmark: () => void;
  readonly openWatches: () => number;
};

const gone = (): ApiError => new ApiError(failure(410, 'Expired', 'too old resource version'));

/** Every write is `await`ed once, as over a network; `historyLimit` events are kept for watches. */
export const createFakeClient = (historyLimit = 1000): FakeClient => {
  const store = new Map<string, Map<string, AnyObject>>();
  const history: Recorded[] = [];
  const faults = new Map<string, (Error | Promise<void>)[]>();
  const calls: Call[] = [];
  const streams = new Set<(end: Error | 'end' | undefined) => void>();
  let version = 100;
  let forgotten = 0;

  const nameOf = (resource: Resource): string => `${apiVersionOf(resource)}/${resource.resource}`;
  const tableOf = (resource: Resource): Map<string, AnyObject> => {
    const table = store.get(nameOf(resource)) ?? new Map<string, AnyObject>();
    store.set(nameOf(resource), table);
    return table;
  };
  const publish = (resource: Resource, event: WatchEvent<KubeObject>): void => {
    history.push({ resource: nameOf(resource), version, event });
    if (history.length > historyLimit) forgotten = history.shift()!.version;
    for (const wake of streams) wake(undefined);
  };
  const enter = async (verb: string, resource: Resource, key: string, body?: unknown): Promise<void> => {
    calls.push({ verb, resource: resource.resource, key, body });
    await Promise.resolve();
    const fault = faults.get(verb)?.shift();
    if (fault instanceof Error) throw fault;
    if (fault) await fault;
  };
  const notFound = (resource: Resource, key: string): ApiError =>
    new ApiError(failure(404, 'NotFound', `${resource.resource} "${key}" not found`));
  const find = (resource: Resource, key: string): AnyObject => {
    const found = tableOf(resource).get(key);
    if (!found) throw notFound(resource, key);
    return found;
  };
  const save = (resource: Resource, object: KubeObject, before: AnyObject | undefined): AnyObject => {
    version++;
    const stored = {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      ...object,
      metadata: {
        uid: randomUUID(),
        creationTimestamp: '2026-01-01T00:00:00Z',
        generation: 1,
        ...(before && {
          uid: before.metadata.uid,
          creationTimestamp: before.metadata.creationTimestamp,
        }),
        ...object.metadata,
        name: object.metadata?.name ?? `${object.metadata?.generateName}${version}`,
        resourceVersion: String(version),
      },
    } as AnyObject;
    // Deletion completes with the last finalizer; a pod without any waits for its kubelet.
    if (
      before?.metadata.finalizers?.length &&
      before.metadata.deletionTimestamp &&
      !stored.metadata.finalizers?.length
    ) {
      drop(resource, stored);
      return stored;
    }
    tableOf(resource).set(keyOf(stored), stored);
    publish(resource, { type: before ? 'MODIFIED' : 'ADDED', object: stored });
    return stored;
  };
  const drop = (resource: Resource, object: AnyObject): void => {
    version++;
    tableOf(resource).delete(keyOf(object));
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    publish(resource, { type: 'DELETED', object: last });
  };
  const replace = (resource: Resource, object: KubeObject, isStatus: boolean): AnyObject => {
    const before = find(resource, keyOf(object));
    const expected = object.metadata?.resourceVersion;
    if (expected !== undefined && expected !== before.metadata.resourceVersion)
      throw new ApiError(failure(409, 'Conflict', 'the object has been modified'));
    const incoming = object as AnyObject;
    if (isStatus) return save(resource, { ...before, status: incoming['status'] } as KubeObject, before);
    const specChanged = JSON.stringify(before['spec']) !== JSON.stringify(incoming['spec']);
    const generation = (before.metadata.generation ?? 1) + (specChanged ? 1 : 0);
    const metadata = {
      ...object.metadata,
      generation,
      deletionTimestamp: before.metadata.deletionTimestamp,
    };
    return save(resource, { ...incoming, metadata, status: before['status'] } as KubeObject, before);
  };

  async function* watch(
    resource: Resource,
    options: ListOptions & { resourceVersion: string; signal: AbortSignal },
  ) {
    await enter('watch', resource, options.resourceVersion);
    let seen = Number(options.resourceVersion);
    let state: Error | 'end' | undefined;
    let wake: () => void = () => {};
    const onEvent = (end: Error | 'end' | undefined): void => {
      state = end;
      wake();
    };
    streams.add(onEvent);
    options.signal.addEventListener('abort', () => onEvent('end'));
    try {
      while (!options.signal.aborted) {
        if (seen < forgotten) throw gone();
        for (const record of history.filter((each) => each.version > seen)) {
          seen = record.version;
          if (record.resource === nameOf(resource) && inScope(record.event, options)) yield record.event;
        }
        if (state instanceof Error) throw state;
        if (state === 'end') return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (history.some((each) => each.version > seen) || state) resolve();
        });
      }
    } finally {
      streams.delete(onEvent);
    }
  }

  const client = {
    get: async (resource: Resource, ref: ObjectRef) => {
      await enter('get', resource, joinKey(ref.namespace, ref.name));
      return find(resource, joinKey(ref.namespace, ref.name));
    },
    list: async (resource: Resource, options: ListOptions = {}) => {
      await enter('list', resource, options.namespace ?? '');
      const items = [...tableOf(resource).values()].filter((object) => matches(object, options));
      return { resourceVersion: String(version), items };
    },
    watch,
    create: async (resource: Resource, object: KubeObject, namespace?: string) => {
      const placed = namespace ? { ...object, metadata: { ...object.metadata, namespace } } : object;
      await enter('create', resource, keyOf(placed), placed);
      if (tableOf(resource).has(keyOf(placed)) && placed.metadata?.name)
        throw new ApiError(failure(409, 'AlreadyExists', `${keyOf(placed)} already exists`));
      return save(resource, placed, undefined);
    },
    update: async (resource: Resource, object: KubeObject) => {
      await enter('update', resource, keyOf(object), object);
      return replace(resource, object, false);
    },
    updateStatus: async (resource: Resource, object: KubeObject) => {
      await enter('updateStatus', resource, keyOf(object), object);
      return replace(resource, object, true);
    },
    patch: async (resource: Resource, ref: ObjectRef, patch: unknown) => {
      const key = joinKey(ref.namespace, ref.name);
      await enter('patch', resource, key, patch);
      const before = find(resource, key);
      return save(resource, merge(before, patch) as KubeObject, before);
    },
    delete: async (resource: Resource, ref: ObjectRef, request: DeleteRequest = {}) => {
      const key = joinKey(ref.namespace, ref.name);
      await enter('delete', resource, key, request);
      const object = find(resource, key);
      if (request.uid && request.uid !== object.metadata.uid)
        throw new ApiError(failure(409, 'Conflict', 'the uid in the precondition does not match'));
      if (!object.metadata.finalizers?.length) return drop(resource, object);
      const metadata = { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      save(resource, { ...object, metadata }, object);
    },
    createSubresource: async (resource: Resource, ref: ObjectRef, subresource: string, body: object) => {
      await enter(`create ${subresource}`, resource, joinKey(ref.namespace, ref.name), body);
      return body;
    },
  };

  const failNext = (verb: string, fault: Error | Promise<void>): void =>
    void faults.set(verb, [...(faults.get(verb) ?? []), fault]);
  const script: Omit<FakeClient, keyof ApiClient> = {
    calls,
    put: <T extends KubeObject>(resource: Resource<T>, object: T) =>
      save(resource, object, tableOf(resource).get(keyOf(object))) as unknown as Stored<T>,
    remove: (resource, key) => drop(resource, find(resource, key)),
    all: <T extends KubeObject>(resource: Resource<T>) =>
      [...tableOf(resource).values()] as unknown as readonly Stored<T>[],
    failNext,
    holdNext: (verb) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      failNext(verb, promise);
      return resolve;
    },
    endWatches: (error) => {
      for (const end of streams) end(error ?? 'end');
    },
    bookmark: () => {
      version++;
      for (const resource of store.keys())
        history.push({ resource, version, event: { type: 'BOOKMARK', resourceVersion: String(version) } });
      for (const wake of streams) wake(undefined);
    },
    openWatches: () => streams.size,
  };
  return { ...(client as unknown as ApiClient), ...script };
};

const inScope = (event: WatchEvent<KubeObject>, options: ListOptions): boolean =>
  event.type === 'BOOKMARK' || matches(event.object as AnyObject, options);

const matches = (object: AnyObject, { namespace, labelSelector, fieldSelector }: ListOptions): boolean =>
  (!namespace || object.metadata.namespace === namespace) &&
  equalities(labelSelector).every(([label, value]) => object.metadata.labels?.[label] === value) &&
  equalities(fieldSelector).every(([field, value]) => fieldOf(object, field) === value);

const equalities = (selector = ''): (readonly [string, string])[] =>
  selector
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [name, value] = term.split('=');
      return [name!, value ?? ''];
    });

const fieldOf = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, step) => (value as Record<string, unknown>)?.[step], object) ?? '';

/** RFC 7386. */
const merge = (target: unknown, patch: unknown): unknown => {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged = { ...(target as Record<string, unknown>) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
};
