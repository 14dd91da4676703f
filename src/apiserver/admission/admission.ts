// Admission: who is asked about a write, in kube-apiserver's order: what changes the object first (the kind's own `admit`,
// mutating webhooks), then, once it is complete and valid, what may only refuse it.
import type { KubeObject } from '../../k8s/objects.ts';
import type { Kind } from '../kind.ts';
import type { FieldType } from '../managed-fields/field-type.ts';
import type { RequestContext } from '../registry.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export type AdmissionRequest = {
  readonly operation: Operation;
  /** The kind whose resource is in the path. */
  readonly kind: Kind;
  /** `status`, `scale`, `eviction`; '' if it is none. */
  readonly subresource: string;
  /** The type of `object`, where a subresource takes one of its own: Scale, Eviction, PodExecOptions. */
  readonly type?: { readonly group: string; readonly version: string; readonly kind: string };
  /** '' if the server is yet to make one up. */
  readonly name: string;
  /** '' for cluster-scoped objects; of a Namespace its own name. */
  readonly namespace: string;
  /** Undefined on deletion. */
  readonly object: KubeObject | undefined;
  /** Undefined for a new object and for a connection. */
  readonly before: KubeObject | undefined;
  readonly context: RequestContext;
};

/** Throws ApiError to refuse. */
export type ValidatingStep = (request: AdmissionRequest) => void;

/** A request whose object may still be changed. */
export type Mutation = {
  readonly request: AdmissionRequest;
  /**
   * A patched object of `kind` as the request's kind has it: without what it does not know, with its defaults. Throws for one that
   * is none, and NotConverted.
   */
  readonly read: (object: unknown, kind: Kind) => KubeObject;
  /** How the objects of the kind are merged. */
  readonly typeOf: (kind: Kind) => FieldType;
  /** What the server itself adds to new objects, on one that webhooks have changed. In place. */
  readonly admitAgain: (object: KubeObject) => void;
};

/** Asked outside of the process. Undefined where none is about the request; rejects with ApiError. */
export type Webhooks = {
  /** The changed object, or undefined if nobody changed it. */
  readonly mutate: (mutation: Mutation) => Promise<KubeObject | undefined> | undefined;
  readonly validate: (request: AdmissionRequest) => Promise<void> | undefined;
};

export type Admission = {
  /** In the order in which they are asked, before validating webhooks. */
  readonly validating: readonly ValidatingStep[];
  readonly webhooks: Webhooks;
};
