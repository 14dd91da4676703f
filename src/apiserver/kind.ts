// The table row of one kind: all that the generic API machinery needs to know. A new kind is one small file.
import type { FieldError } from '../k8s/field-error.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Access } from './auth/access.ts';
import type { Shape } from './schema/shape.ts';

/** JSON as it is being built: defaulting changes it in place. */
export type Draft = {
  [key: string]: unknown;
  apiVersion?: string;
  kind?: string;
  metadata?: { [key: string]: unknown };
};

export type Column = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** 0: always shown, 1: only with -o wide. */
  readonly priority: number;
  readonly format?: string;
  readonly description?: string;
};

export type Cell = string | number | boolean | null;

/** What a kind may look up while it admits an object. */
export type AdmissionContext = {
  readonly nowMs: number;
  readonly user: {
    readonly name: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  /** What users may do. */
  readonly access: Access;
  readonly dryRun: boolean;
  /** Reads from the store: undefined if there is none. */
  readonly get: <T extends KubeObject>(resource: Resource<T>, key: string) => Stored<T> | undefined;
  readonly list: <T extends KubeObject>(resource: Resource<T>) => readonly Stored<T>[];
  /** Those of one namespace. */
  readonly listIn: <T extends KubeObject>(resource: Resource<T>, namespace: string) => readonly Stored<T>[];
  /** Adds a `Warning: 299` header to the answer. */
  readonly warn: (text: string) => void;
};

export type NameRule = 'dns1123Subdomain' | 'dns1123Label' | 'path' | 'ipAddress';

/** An object of another kind, by its key. */
export type Reference = { readonly resource: Resource; readonly key: string };

export type Part = 'ephemeralcontainers' | 'approval';

export type PartialWrite = {
  /** Takes back what the subresource may not change. In place. */
  readonly narrow: (draft: Draft, before: KubeObject, context: AdmissionContext) => void;
  /** The part is in the status: elsewhere that is left as it was. */
  readonly isStatus?: true;
  readonly validateUpdate: NonNullable<Kind['validateUpdate']>;
};

/** Dotted paths: `.spec.replicas`. */
export type ScalePaths = {
  readonly spec: string;
  readonly status: string;
  /** Of the selector as a text. */
  readonly selector: string | undefined;
};

export type Deletion = {
  readonly finalizer: string;
  readonly mark: (object: KubeObject, nowMs: number) => KubeObject;
};

export type CustomKind = {
  readonly listKind: string;
  /** The schema of OpenAPI v3 documents. */
  readonly openApi: () => object;
  /**
   * Asks the webhook that converts objects for all that the verbs will need of these, or for what they missed. Rejects with
   * ApiError 500. Undefined: there is nothing to ask.
   */
  readonly prepare?: (stored: readonly Stored<KubeObject>[], missed?: unknown) => Promise<void>;
};

export type Kind = {
  readonly resource: Resource;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** The name of its definition: in src/k8s/generated/schema.json, unless it has a shape of its own. */
  readonly definition: string;
  readonly shape?: Shape;
  /** Where its objects are, if they are those of another kind: `view` and `storedForm` go between the two. */
  readonly storage?: Resource;
  /**
   * A stored object as this version of the kind has it: it may have been written in another version, or before a default
   * came. The same answer for the same object.
   */
  readonly view?: (stored: Stored<KubeObject>) => Stored<KubeObject>;
  /** The object in the version in which it is to be stored. */
  readonly storedForm?: (draft: Draft) => Draft;
  /** What only kinds of CustomResourceDefinitions have. */
  readonly custom?: CustomKind;
  /** Where the scale subresource finds its numbers; left out: where workloads have them. */
  readonly scale?: ScalePaths;
  /** An update must name the resourceVersion that it was made from. */
  readonly needsVersion?: boolean;
  /** What the first DELETE brings: a finalizer that the server itself takes away, and a sign in the status. */
  readonly deletion?: Deletion;
  readonly nameRule: NameRule;
  readonly subresources: readonly (
    | 'status'
    | 'scale'
    | 'binding'
    | 'eviction'
    | 'token'
    | 'log'
    | 'exec'
    | 'attach'
    | 'portforward'
    | 'proxy'
    | 'ephemeralcontainers'
    | 'approval'
    | 'finalize'
  )[];
  /**
   * Whether metadata.generation counts the changes of everything but metadata and status. Left out: only of kinds that
   * have a status subresource.
   */
  readonly hasGeneration?: boolean;
  /** The columns after NAME and before AGE come here as well: the whole row is the kind's. */
  readonly columns: readonly Column[];
  readonly row: (object: KubeObject, nowMs: number) => readonly Cell[];
  /** Selectable fields besides metadata.name and metadata.namespace. */
  readonly fields: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Sets what the user left out. In place; idempotent. Runs on create, update and after each patch. */
  readonly applyDefaults: (draft: Draft) => void;
  /**
   * What kube-apiserver's mutating plugins add to a new object before webhooks see it. In place, and once more on what
   * webhooks have changed.
   */
  readonly admit?: (draft: Draft, context: AdmissionContext) => void;
  /** Clears or sets what users may not decide on create (status, counters). In place. */
  readonly prepareForCreate?: (draft: Draft, context: AdmissionContext) => void;
  /** Carries over what an update may not change (status when the spec is updated). In place. */
  readonly prepareForUpdate?: (draft: Draft, before: KubeObject, context: AdmissionContext) => void;
  /** The same for an update of the status subresource, of kinds that keep parts of their spec in metadata. In place. */
  readonly prepareForStatusUpdate?: (draft: Draft, before: KubeObject) => void;
  /** `before`: what an update replaces. Old objects may hold values that are refused in new ones. */
  readonly validate: (
    object: KubeObject,
    context: AdmissionContext,
    before?: KubeObject,
  ) => readonly FieldError[];
  readonly validateUpdate?: (
    object: KubeObject,
    before: KubeObject,
    context: AdmissionContext,
  ) => readonly FieldError[];
  /** What an update of the status subresource may not say. */
  readonly validateStatus?: (object: KubeObject, before: KubeObject) => readonly FieldError[];
  /** Subresources through which only a part of the object is written. */
  readonly parts?: Readonly<Partial<Record<Part, PartialWrite>>>;
  /** What is valid but ill-advised, in kube-apiserver's words: each becomes a `Warning: 299` header. */
  readonly warnings?: (
    object: KubeObject,
    before: KubeObject | undefined,
    context: AdmissionContext,
  ) => readonly string[];
  /** What clients hear with every request on a kind that has a successor. */
  readonly deprecation?: string;
  /** Objects that the server itself makes when it starts. */
  readonly initial?: readonly Draft[];
  /** What a new object cannot be without and a controller may be about to make: its creation waits for it a moment. */
  readonly awaits?: (draft: Draft, namespace: string) => Reference | undefined;
  /**
   * Takes what the object needs from shared pools (cluster IPs, node ports), before it is stored; writes it into the
   * draft. Returns what to do if the write fails. `after` is undefined on deletion: then it only releases.
   */
  readonly allocate?: (
    draft: Draft | undefined,
    before: KubeObject | undefined,
    context: AdmissionContext,
  ) => Allocation;
  /** A deletion that says nothing of the dependents leaves them. Only of kinds that are older than the collector. */
  readonly orphansByDefault?: true;
  /** When the object ends by itself, in milliseconds since the epoch: Events do. Looked at once a minute. */
  readonly expiresMs?: (object: KubeObject) => number;
  /** A pod's deletion is graceful: the object stays with deletionTimestamp until the kubelet confirms. */
  readonly gracefulDelete?: (object: KubeObject, requestedSeconds: number | undefined) => number;
};

export type Allocation =
  | {
      readonly ok: true;
      readonly companions?: readonly Companion[];
      readonly commit: () => void;
      readonly rollback: () => void;
    }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** An object that comes or goes in the same step as the one that is written: the IPAddress of a Service. */
export type Companion =
  | { readonly action: 'create'; readonly kind: Kind; readonly draft: Draft }
  | { readonly action: 'remove'; readonly kind: Kind; readonly key: string };
