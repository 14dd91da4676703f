// What a DELETE does to an object: remove it, mark it as being deleted (for a grace period or for finalizers), or nothing.
// Pure. Sources: k8s.io/apiserver/pkg/registry/rest/delete.go (BeforeDelete) and
// pkg/registry/generic/registry/store.go (deletionFinalizersForGarbageCollection, markAsDeleting).
import type { DeleteRequest } from '../../client/client.ts';
import type { StoredMeta } from '../../k8s/objects.ts';
import { formatTime } from '../../k8s/time.ts';
import type { Draft, Kind } from '../kind.ts';
import { conflict } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';

export type Deletion =
  | { readonly kind: 'remove' }
  | { readonly kind: 'mark'; readonly metadata: StoredMeta }
  | { readonly kind: 'pending' };

/** Throws Conflict if a precondition does not hold. */
export const planDeletion = (
  kind: Kind,
  object: StoredObject,
  request: DeleteRequest,
  nowMs: number,
): Deletion => {
  checkPreconditions(kind, object, request);
  const grace = graceOf(kind, object, request, nowMs);
  if (grace === 'pending') return { kind: 'pending' };
  const finalizers = finalizersAfter(heldBy(kind, object), withDefaultPolicy(kind, object, request));
  if (grace === 'none')
    return finalizers.length === 0 && !isHeld(kind, object)
      ? { kind: 'remove' }
      : { kind: 'mark', metadata: marked(object.metadata, { ...now(object, nowMs), finalizers }) };
  if (grace.seconds === 0 && finalizers.length === 0) return { kind: 'remove' };
  return { kind: 'mark', metadata: marked(object.metadata, { ...grace, finalizers }) };
};

/** Whether an update leaves nothing to wait for on an object that is being deleted. */
export const isFinished = (kind: Kind, after: Draft, { metadata }: StoredObject): boolean => {
  const finalizers = after.metadata?.['finalizers'] as readonly string[] | undefined;
  return (
    metadata.deletionTimestamp !== undefined &&
    !metadata.deletionGracePeriodSeconds &&
    !finalizers?.length &&
    !isHeld(kind, after)
  );
};

// The first request adds the finalizer of a kind that has one.
const heldBy = ({ deletion }: Kind, { metadata }: StoredObject): readonly string[] => {
  const { finalizers = [], deletionTimestamp } = metadata;
  if (!deletion || deletionTimestamp !== undefined || finalizers.includes(deletion.finalizer))
    return finalizers;
  return [...finalizers, deletion.finalizer];
};

// A namespace has finalizers of its own in its spec: `kubernetes` until its content is gone.
const isHeld = ({ subresources }: Kind, object: object): boolean => {
  if (!subresources.includes('finalize')) return false;
  const { spec } = object as { readonly spec?: { readonly finalizers?: readonly string[] } };
  return (spec?.finalizers ?? []).length > 0;
};

type Grace = { readonly timeMs: number; readonly seconds: number };

const graceOf = (
  kind: Kind,
  object: StoredObject,
  request: DeleteRequest,
  nowMs: number,
): Grace | 'none' | 'pending' => {
  if (!kind.gracefulDelete) return 'none';
  const { deletionTimestamp, deletionGracePeriodSeconds: present } = object.metadata;
  // Negative periods count as one second.
  const requested =
    request.gracePeriodSeconds !== undefined && request.gracePeriodSeconds < 0
      ? 1
      : request.gracePeriodSeconds;
  if (deletionTimestamp === undefined) {
    const seconds = kind.gracefulDelete(object, requested);
    return { timeMs: nowMs + seconds * 1000, seconds };
  }
  if (!present) return 'none';
  if (requested === undefined || requested >= present) return 'pending';
  return shortened(Date.parse(deletionTimestamp) - present * 1000, requested, nowMs);
};

// A period may only become shorter, and ends no earlier than now; what is left of a graceful one is a second, so that the
// kubelet and not the API server has the last word.
const shortened = (startMs: number, seconds: number, nowMs: number): Grace => {
  const timeMs = startMs + seconds * 1000;
  if (timeMs >= nowMs) return { timeMs, seconds };
  return { timeMs: nowMs, seconds: seconds === 0 ? 0 : 1 };
};

const now = ({ metadata }: StoredObject, nowMs: number): Grace => {
  const presentMs = metadata.deletionTimestamp ? Date.parse(metadata.deletionTimestamp) : nowMs;
  return { timeMs: Math.min(presentMs, nowMs), seconds: 0 };
};

type Marks = Grace & { readonly finalizers: readonly string[] };

const marked = (meta: StoredMeta, { timeMs, seconds, finalizers }: Marks): StoredMeta => {
  const { finalizers: _before, ...rest } = meta;
  const isFirst = meta.deletionTimestamp === undefined;
  return {
    ...rest,
    ...(isFirst && meta.generation && { generation: meta.generation + 1 }),
    ...(finalizers.length > 0 && { finalizers }),
    deletionTimestamp: formatTime(timeMs),
    deletionGracePeriodSeconds: seconds,
  };
};

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

const withDefaultPolicy = (
  { orphansByDefault }: Kind,
  { metadata }: StoredObject,
  request: DeleteRequest,
): DeleteRequest =>
  orphansByDefault && !metadata.deletionTimestamp && request.propagationPolicy === undefined
    ? { ...request, propagationPolicy: 'Orphan' }
    : request;

/** The garbage collector works by these two finalizers; a request's policy replaces them, no policy keeps them. */
const finalizersAfter = (
  finalizers: readonly string[],
  { propagationPolicy }: DeleteRequest,
): readonly string[] => {
  if (propagationPolicy === undefined) return finalizers;
  const others = finalizers.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  if (propagationPolicy === 'Orphan') return [...others, ORPHAN];
  return propagationPolicy === 'Foreground' ? [...others, FOREGROUND] : others;
};

const checkPreconditions = (
  { resource }: Kind,
  { metadata }: StoredObject,
  { uid, resourceVersion }: DeleteRequest,
): void => {
  const refuse = (why: string): never => {
    throw conflict({ ...resource, resource: resource.kind }, metadata.name, why);
  };
  if (uid && uid !== metadata.uid)
    refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
};
