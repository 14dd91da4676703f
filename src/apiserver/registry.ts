// What the HTTP layer and the in-process client ask of the API: the verbs, on any kind. Reads are synchronous, writes
// may wait (admission). Every method throws ApiError; objects returned are frozen in spirit: never change them.
import type { Status } from '../k8s/generated/types.ts';
import type { DeleteRequest, ObjectRef, PatchType } from '../client/client.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Access } from './auth/access.ts';
import type { Draft, Kind, Part } from './kind.ts';
import type { Through } from './verbs/ask-admission.ts';

export type User = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
};

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** Who asks, and how. */
export type RequestContext = {
  readonly user: User;
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Duplicate or unknown fields that the decoder found on its way (`duplicate field "spec.a"`). */
  readonly decodingErrors: readonly string[];
  /** Becomes a `Warning: 299` header. */
  readonly warn: (text: string) => void;
  /** Goes into the request's entry of the audit log, if there is one. */
  readonly annotate?: (key: string, value: string) => void;
};

export type Selection = {
  /** Undefined: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
};

export type ListQuery = Selection & {
  readonly limit?: number | undefined;
  /** The opaque token of the page before. */
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
};

export type ListPage = {
  readonly resourceVersion: string;
  readonly items: readonly Stored<KubeObject>[];
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined;
};

export type WatchQuery = Selection & {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  readonly allowWatchBookmarks?: boolean | undefined;
  readonly sendInitialEvents?: boolean | undefined;
};

export type RegistryEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<KubeObject> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status };

export type WatchSink = {
  /** Called synchronously after the write, in revision order. The same event object for all watchers of a kind. */
  readonly event: (event: RegistryEvent) => void;
  /** It passes the events on to another process: they come when they are settled, not at once. */
  readonly isOutside?: boolean;
  /** The watch is over, for no fault of the client's: it may begin another. */
  readonly end?: () => void;
};

export type Subresource = 'status' | 'scale' | Part;

export type ApplyRequest = {
  /** The applied configuration: what the manager wants, and nothing else. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Takes fields from other managers instead of refusing. */
  readonly isForced: boolean;
};

export type ApplyResult = { readonly object: Stored<KubeObject>; readonly isNew: boolean };

export type DeleteResult = {
  readonly object: Stored<KubeObject>;
  /** False: it stays with a deletionTimestamp until finalizers or the grace period are done. */
  readonly gone: boolean;
};

export type ServedKinds = {
  /** Another list whenever a kind comes or goes. */
  readonly all: readonly Kind[];
  readonly find: (names: Pick<Resource, 'group' | 'version' | 'resource'>) => Kind | undefined;
};

/** What is asked of admission for a request that the registry itself does not carry out. */
export type Asked = {
  readonly operation: 'CONNECT' | 'CREATE';
  readonly kind: Kind;
  readonly ref: ObjectRef;
  readonly through: Through;
};

export type Registry = {
  readonly kinds: ServedKinds;
  /** Who may do what. The verbs below do not ask: whoever lets users in asks first. */
  readonly access: Access;
  /**
   * Asks admission alone: about connections and tokens. What it has made of `through.object`; undefined: nothing else. Rejects with
   * what it refuses with.
   */
  readonly admit: (asked: Asked, context: RequestContext) => Promise<KubeObject | undefined>;
  /** The present revision: the resourceVersion of the newest write. */
  readonly revision: () => string;
  /** The newest that other processes may hear of: what is up to it survives a power cut where there is a journal. */
  readonly settledRevision: () => string;
  /** What to wait for before an answer leaves the process; undefined: nothing. Rejects with ApiError. */
  readonly settled: () => Promise<void> | undefined;
  /**
   * To be awaited before a kind is read, where there is something to wait for: a webhook may have to convert what is stored.
   * Of one object, or all. Rejects with ApiError.
   */
  readonly ready: (kind: Kind, ref?: ObjectRef) => Promise<void> | undefined;
  /** With `scale`: the object as an autoscaling/v1 Scale. */
  readonly get: (kind: Kind, ref: ObjectRef, subresource?: Subresource) => Stored<KubeObject>;
  readonly list: (kind: Kind, query: ListQuery) => ListPage;
  /** Delivers what happens after `resourceVersion` (or the whole state first); throws 410 Expired when too old. */
  readonly watch: (kind: Kind, query: WatchQuery, sink: WatchSink) => { readonly stop: () => void };
  readonly create: (
    kind: Kind,
    namespace: string | undefined,
    object: Draft,
    context: RequestContext,
  ) => Promise<Stored<KubeObject>>;
  readonly update: (
    kind: Kind,
    ref: ObjectRef,
    object: Draft,
    context: RequestContext,
    subresource?: Subresource,
  ) => Promise<Stored<KubeObject>>;
  /** Applies the patch to the object as it is now: only one that names a resourceVersion can conflict. */
  readonly patch: (
    kind: Kind,
    ref: ObjectRef,
    patch: { readonly type: PatchType; readonly body: unknown },
    context: RequestContext,
    subresource?: Subresource,
  ) => Promise<Stored<KubeObject>>;
  /** Server-side apply: creates what is not there. */
  readonly apply: (
    kind: Kind,
    ref: ObjectRef,
    request: ApplyRequest,
    context: RequestContext,
    subresource?: Subresource,
  ) => Promise<ApplyResult>;
  readonly delete: (
    kind: Kind,
    ref: ObjectRef,
    request: DeleteRequest,
    context: RequestContext,
  ) => Promise<DeleteResult>;
  readonly deleteCollection: (
    kind: Kind,
    selection: Selection,
    request: DeleteRequest,
    context: RequestContext,
  ) => Promise<readonly Stored<KubeObject>[]>;
  /** A subresource that takes an object of its own: pods/binding, pods/eviction, namespaces/finalize. */
  readonly createSubresource: (
    kind: Kind,
    ref: ObjectRef,
    subresource: string,
    body: Draft,
    context: RequestContext,
  ) => Promise<KubeObject>;
};
