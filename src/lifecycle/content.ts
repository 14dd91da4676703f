// The metadata of every object of every kind, indexed by what the life cycle turns on: identity, owners, namespace.
import type { ApiClient } from '../client/client.ts';
import { startInformer, whenAllSynced } from '../informer/informer.ts';
import type { Change, Informer } from '../informer/informer.ts';
import { customResourceOf } from '../k8s/custom-resource.ts';
import type { CustomResourceDefinition, OwnerReference } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';

export type AnyObject = Stored<KubeObject>;

/** An object and the resource that it is one of. */
export type Item = { readonly resource: Resource; readonly object: AnyObject };

export type Content = {
  /** `pods|ns/name`, `deployments.apps|ns/name`: a work queue's key for any object. */
  readonly keyOf: (resource: Resource, key: string) => string;
  readonly find: (contentKey: string) => Item | undefined;
  readonly byUid: (uid: string) => Item | undefined;
  /** The objects that name `uid` as an owner. */
  readonly dependents: (uid: string) => readonly Item[];
  /** Those that definitions brought. */
  readonly customResources: () => readonly Resource[];
  readonly resourceFor: (reference: Pick<OwnerReference, 'apiVersion' | 'kind'>) => Resource | undefined;
  readonly subscribe: (listener: (resource: Resource, change: Change<KubeObject>) => void) => () => void;
  readonly whenSynced: () => Promise<void>;
  readonly stop: () => void;
};

const BY_UID = 'lifecycle/uid';
const BY_OWNER = 'lifecycle/owner';

export type ContentOptions = {
  readonly client: ApiClient;
  readonly resources: readonly Resource[];
  /** Their objects come and go with them. */
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly clock: Clock;
  readonly log: Log;
};

export const startContent = (options: ContentOptions): Content => {
  const caches = createCaches(options);
  for (const resource of options.resources) caches.add(resource);
  const fixed = [...caches.all()];
  const stopFollowing = options.definitions.subscribe(({ before, after }) => {
    const [gone, come] = [before && customResourceOf(before), after && customResourceOf(after)];
    if (gone && !isSame(gone, come)) caches.remove(gone);
    if (come && !isSame(come, gone)) caches.add(come);
  });
  const search = (index: string, value: string): Item[] =>
    caches
      .all()
      .flatMap(({ resource, informer }) =>
        informer.byIndex(index, value).map((object) => ({ resource, object })),
      );
  return {
    keyOf: (resource, key) => `${nameOf(resource)}|${key}`,
    find: (contentKey) => {
      const bar = contentKey.indexOf('|');
      const cache = caches.find(contentKey.slice(0, bar));
      const object = cache?.informer.get(contentKey.slice(bar + 1));
      return cache && object && { resource: cache.resource, object };
    },
    byUid: (uid) => search(BY_UID, uid)[0],
    dependents: (uid) => search(BY_OWNER, uid),
    customResources: () => {
      const known = caches.all().map(({ resource }) => resource);
      return known.filter((resource) => !options.resources.includes(resource));
    },
    resourceFor: ({ apiVersion, kind }) => {
      const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
      return caches.all().find(({ resource }) => resource.kind === kind && resource.group === group)
        ?.resource;
    },
    subscribe: caches.subscribe,
    whenSynced: () => whenAllSynced(options.definitions, ...fixed.map(({ informer }) => informer)),
    stop: () => {
      stopFollowing();
      caches.stop();
    },
  };
};

const isSame = (a: Resource, b: Resource | undefined): boolean =>
  nameOf(a) === (b && nameOf(b)) && a.version === b?.version && a.namespaced === b.namespaced;

type Listener = Parameters<Content['subscribe']>[0];

/** The informers there are, and who hears them. */
const createCaches = (options: ContentOptions) => {
  const caches = new Map<string, Cache>();
  const listeners = new Set<Listener>();
  const hear = ({ resource, informer, ends }: Cache, listener: Listener): void =>
    void ends.set(
      listener,
      informer.subscribe((change) => listener(resource, change)),
    );
  return {
    all: (): readonly Cache[] => [...caches.values()],
    find: (name: string) => caches.get(name),
    add: (resource: Resource) => {
      const cache = start(options, resource);
      caches.set(nameOf(resource), cache);
      for (const listener of listeners) hear(cache, listener);
    },
    remove: (resource: Resource) => {
      caches.get(nameOf(resource))?.informer.stop();
      caches.delete(nameOf(resource));
    },
    subscribe: (listener: Listener) => {
      listeners.add(listener);
      for (const cache of caches.values()) hear(cache, listener);
      return () => {
        listeners.delete(listener);
        for (const { ends } of caches.values()) ends.get(listener)?.();
      };
    },
    stop: () => {
      for (const { informer } of caches.values()) informer.stop();
    },
  };
};

type Cache = {
  readonly resource: Resource;
  readonly informer: Informer<KubeObject>;
  /** How to stop telling each listener. */
  readonly ends: Map<Listener, () => void>;
};

const start = (
  { client, clock, log }: { readonly client: ApiClient; readonly clock: Clock; readonly log: Log },
  resource: Resource,
): Cache => {
  const indexes = {
    [BY_UID]: ({ metadata }: AnyObject) => [metadata.uid],
    [BY_OWNER]: ({ metadata }: AnyObject) => (metadata.ownerReferences ?? []).map(({ uid }) => uid),
  };
  const informer = startInformer({ client, resource, indexes, transform: lifeOf, clock, log });
  return { resource, informer, ends: new Map() };
};

/** All that is kept of an object. */
const lifeOf = ({ metadata }: AnyObject): AnyObject => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const { ownerReferences, finalizers, deletionTimestamp } = metadata;
  const identity = { name, namespace, uid, resourceVersion, creationTimestamp };
  return { metadata: { ...identity, ownerReferences, finalizers, deletionTimestamp } };
};

const nameOf = ({ group, resource }: Resource): string => (group === '' ? resource : `${resource}.${group}`);
