// What podnet's own programs ask of a Kubernetes API, whichever way they reach it:
// in process (the control plane of an embedded cluster) or over HTTPS (node agents, a real cluster).
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';

export type ObjectRef = { readonly name: string; readonly namespace?: string | undefined };

export type ListOptions = {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
};

/** A long list in pieces. A client that has the list at hand anyway may give it whole. */
export type PageOptions = {
  readonly limit?: number | undefined;
  /** Of the piece before. Too old a one throws ApiError 410. */
  readonly continue?: string | undefined;
};

export type ListResult<T extends KubeObject> = {
  readonly resourceVersion: string;
  /** There is more. */
  readonly continue?: string | undefined;
  readonly items: readonly Stored<T>[];
};

export type WatchOptions = ListOptions & { readonly resourceVersion: string; readonly signal: AbortSignal };

/** A bookmark carries only a resourceVersion. An expired watch throws ApiError 410 instead. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export type PatchType =
  | 'application/merge-patch+json'
  | 'application/json-patch+json'
  | 'application/strategic-merge-patch+json';

export type PatchOptions = { readonly type: PatchType; readonly subresource?: 'status' | 'scale' };

export type DeleteRequest = {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
};

/**
 * A typed Kubernetes client. Every method throws ApiError when the server answers with a Status, and resolves with
 * the object as stored. Returned objects are shared with caches: never change them.
 */
export type ApiClient = {
  readonly get: <T extends KubeObject>(resource: Resource<T>, ref: ObjectRef) => Promise<Stored<T>>;
  readonly list: <T extends KubeObject>(
    resource: Resource<T>,
    options?: ListOptions & PageOptions,
  ) => Promise<ListResult<T>>;
  readonly watch: <T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ) => AsyncIterable<WatchEvent<T>>;
  readonly create: <T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    namespace?: string,
  ) => Promise<Stored<T>>;
  /** Replaces spec and metadata; a metadata.resourceVersion in `object` makes it conditional (409 Conflict). */
  readonly update: <T extends KubeObject>(resource: Resource<T>, object: T) => Promise<Stored<T>>;
  readonly updateStatus: <T extends KubeObject>(resource: Resource<T>, object: T) => Promise<Stored<T>>;
  readonly patch: <T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ) => Promise<Stored<T>>;
  readonly delete: <T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    request?: DeleteRequest,
  ) => Promise<void>;
  /** POST to a subresource that takes an object of its own: `binding`, `token`, `eviction`. */
  readonly createSubresource: (
    resource: Resource,
    ref: ObjectRef,
    subresource: string,
    body: object,
  ) => Promise<unknown>;
};
