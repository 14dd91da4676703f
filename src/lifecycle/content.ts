// The metadata of every object of every kind, indexed by what the life cycle turns on: identity, owners, namespace.
import type { ApiClient } from '../client/client.ts';
import { startInformer, whenAllSynced } from '../informer/informer.ts';
import type { Change, Informer } from '../informer/informer.ts';
import type { OwnerReference } from '../k8s/generated/types.ts';
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
  readonly resourceFor: (reference: Pick<OwnerReference, 'apiVersion' | 'kind'>) => Resource | undefined;
  readonly subscribe: (listener: (resource: Resource, change: Change<KubeObject>) => void) => () => void;
  readonly whenSynced: () => Promise<void>;
  readonly stop: () => void;
};

const BY_UID = 'lifecycle/uid';
const BY_OWNER = 'lifecycle/owner';

export const startContent = (options: {
  readonly client: ApiClient;
  readonly resources: readonly Resource[];
  readonly clock: Clock;
  readonly log: Log;
}): Content => {
  const caches = new Map(options.resources.map((resource) => [nameOf(resource), start(options, resource)]));
  const all = [...caches.values()];
  const search = (index: string, value: string): Item[] =>
    all.flatMap(({ resource, informer }) =>
      informer.byIndex(index, value).map((object) => ({ resource, object })),
    );
  return {
    keyOf: (resource, key) => `${nameOf(resource)}|${key}`,
    find: (contentKey) => {
      const bar = contentKey.indexOf('|');
      const cache = caches.get(contentKey.slice(0, bar));
      const object = cache?.informer.get(contentKey.slice(bar + 1));
      return cache && object && { resource: cache.resource, object };
    },
    byUid: (uid) => search(BY_UID, uid)[0],
    dependents: (uid) => search(BY_OWNER, uid),
    resourceFor: ({ apiVersion, kind }) => {
      const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
      return options.resources.find((resource) => resource.kind === kind && resource.group === group);
    },
    subscribe: (listener) => {
      const ends = all.map(({ resource, informer }) =>
        informer.subscribe((change) => listener(resource, change)),
      );
      return () => ends.forEach((end) => end());
    },
    whenSynced: () => whenAllSynced(...all.map(({ informer }) => informer)),
    stop: () => all.forEach(({ informer }) => informer.stop()),
  };
};

type Cache = { readonly resource: Resource; readonly informer: Informer<KubeObject> };

const start = (
  { client, clock, log }: { readonly client: ApiClient; readonly clock: Clock; readonly log: Log },
  resource: Resource,
): Cache => {
  const indexes = {
    [BY_UID]: ({ metadata }: AnyObject) => [metadata.uid],
    [BY_OWNER]: ({ metadata }: AnyObject) => (metadata.ownerReferences ?? []).map(({ uid }) => uid),
  };
  return { resource, informer: startInformer({ client, resource, indexes, transform: lifeOf, clock, log }) };
};

/** All that is kept of an object. */
const lifeOf = ({ metadata }: AnyObject): AnyObject => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const { ownerReferences, finalizers, deletionTimestamp } = metadata;
  const identity = { name, namespace, uid, resourceVersion, creationTimestamp };
  return { metadata: { ...identity, ownerReferences, finalizers, deletionTimestamp } };
};

const nameOf = ({ group, resource }: Resource): string => (group === '' ? resource : `${resource}.${group}`);
