// The shape that every Kubernetes object shares, and how objects are named in keys and messages.
import type { ObjectMeta } from './generated/types.ts';

/** Any object of the API as a client may send it. */
export type KubeObject = {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
};

/** Metadata as the API server returns it: these fields are always there. */
export type StoredMeta = ObjectMeta & {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
};

/** An object as the API server returns it. */
export type Stored<T extends KubeObject> = Omit<T, 'metadata'> & { readonly metadata: StoredMeta };

/** `namespace/name`, or `name` for a cluster-scoped object: the key of caches and work queues. */
export const keyOf = (object: { readonly metadata?: ObjectMeta | undefined }): string =>
  joinKey(object.metadata?.namespace, object.metadata?.name ?? '');

export const joinKey = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name;

/** The inverse of joinKey. */
export const splitKey = (key: string): { readonly namespace: string | undefined; readonly name: string } => {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};
