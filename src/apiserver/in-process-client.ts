// The typed client for programs in the API server's own process: no encoding, no socket, the same rules.
import type { ApiClient, ListOptions, WatchEvent, WatchOptions } from '../client/client.ts';
import { ApiError } from '../k8s/api-error.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import { createEventQueue } from './event-queue.ts';
import type { Draft, Kind } from './kind.ts';
import type { Registry, RegistryEvent, RequestContext, ServedKinds, User } from './registry.ts';
import { notFound } from './status-errors.ts';

/** Warnings are for people at a terminal: these clients do not hear them. */
export const createInProcessClient = (registry: Registry, user: User): ApiClient => {
  const context: RequestContext = {
    user,
    dryRun: false,
    fieldManager: user.name.replace(/^system:/, ''),
    fieldValidation: 'Strict',
    decodingErrors: [],
    warn: () => {},
  };
  const kindOf = kindLookup(registry.kinds);
  const refOf = ({ metadata }: KubeObject) => ({
    name: metadata?.name ?? '',
    namespace: metadata?.namespace,
  });
  return {
    get: async (resource, ref) => {
      const kind = kindOf(resource);
      const conversion = registry.ready(kind, ref);
      if (conversion) await conversion;
      return as(registry.get(kind, ref));
    },
    list: async <T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}) => {
      const kind = kindOf(resource);
      const conversion = registry.ready(kind);
      if (conversion) await conversion;
      const { resourceVersion, items } = registry.list(kind, options);
      return { resourceVersion, items: items as unknown as readonly Stored<T>[] };
    },
    watch: (resource, options) => watch(registry, kindOf(resource), options),
    create: async (resource, object, namespace) =>
      as(
        await registry.create(
          kindOf(resource),
          namespace ?? object.metadata?.namespace,
          draft(object),
          context,
        ),
      ),
    update: async (resource, object) =>
      as(await registry.update(kindOf(resource), refOf(object), draft(object), context)),
    updateStatus: async (resource, object) =>
      as(await registry.update(kindOf(resource), refOf(object), draft(object), context, 'status')),
    patch: async (resource, ref, body, { type, subresource }) =>
      as(await registry.patch(kindOf(resource), ref, { type, body }, context, subresource)),
    delete: async (resource, ref, request = {}) => {
      await registry.delete(kindOf(resource), ref, request, context);
    },
    createSubresource: (resource, ref, subresource, body) =>
      registry.createSubresource(kindOf(resource), ref, subresource, body as Draft, context),
  };
};

const kindLookup =
  (kinds: ServedKinds) =>
  (resource: Resource): Kind => {
    const kind = kinds.find(resource);
    if (!kind) throw notFound(resource, '');
    return kind;
  };

// The registry copies what it is given while it decodes it, and the caller's types say what it gives back.
const draft = (object: KubeObject): Draft => object as Draft;
const as = <T extends KubeObject>(object: Stored<KubeObject>): Stored<T> => object as unknown as Stored<T>;

async function* watch<T extends KubeObject>(
  registry: Registry,
  kind: Kind,
  { signal, ...query }: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void> {
  if (signal.aborted) return;
  const conversion = registry.ready(kind);
  if (conversion) await conversion;
  const queue = createEventQueue<RegistryEvent>();
  const { stop } = registry.watch(
    kind,
    { ...query, allowWatchBookmarks: true },
    { event: queue.push, end: queue.end },
  );
  signal.addEventListener('abort', queue.end);
  try {
    for await (const event of queue.events) {
      if (event.type === 'ERROR') throw new ApiError(event.status);
      yield event as WatchEvent<T>;
    }
  } finally {
    stop();
    signal.removeEventListener('abort', queue.end);
  }
}
