// Admission: what is asked about a write once the object is complete and valid, and before it is stored.
// Validating steps may only refuse. Steps that change the object belong in front of its validation (verbs/create.ts and
// verbs/replace.ts), before these.
import type { KubeObject } from '../../k8s/objects.ts';
import type { Kind } from '../kind.ts';
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

/** In the order in which they are asked. */
export type Admission = { readonly validating: readonly ValidatingStep[] };

/** Asks all steps. Throws what the first that refuses throws. */
export const admitWrite = ({ validating }: Admission, request: AdmissionRequest): void => {
  for (const step of validating) step(request);
};
