// What becomes of an object by its owners, and by its own deletion. Pure: owners and dependents in, one action out.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/ ; kubernetes pkg/controller/garbagecollector (1.36).
import type { ObjectMeta, OwnerReference } from '../../k8s/generated/types.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/** What the owner of a reference is up to. */
export type OwnerState =
  /** It is there; or nobody can tell, and then nothing is deleted. */
  | 'present'
  /** It is being deleted in the foreground: it waits for its dependents to go first. */
  | 'waits'
  | 'absent';

/** `blocksOwner`: the owner's deletion in the foreground waits for it. */
export type Dependent = { readonly blocksOwner: boolean };

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export type GarbageAction =
  | { readonly kind: 'keep' }
  | { readonly kind: 'delete'; readonly propagation: Propagation }
  /** Take these owners' references away. */
  | { readonly kind: 'disown'; readonly ownerUids: readonly string[] }
  /** Take the own reference away from every dependent, then the finalizer `orphan`. */
  | { readonly kind: 'orphan-dependents' }
  /** Look at every dependent: they have to go before this object. */
  | { readonly kind: 'collect-dependents' }
  | { readonly kind: 'remove-finalizer'; readonly finalizer: typeof FOREGROUND | typeof ORPHAN };

export type GarbageSnapshot = {
  readonly metadata: ObjectMeta;
  readonly owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[];
  readonly dependents: readonly Dependent[];
};

export const compileGarbage = (snapshot: GarbageSnapshot): GarbageAction =>
  snapshot.metadata.deletionTimestamp === undefined ? byOwners(snapshot) : byDeletion(snapshot);

export const toText = (action: GarbageAction): string => {
  switch (action.kind) {
    case 'delete':
      return `delete ${action.propagation}`;
    case 'disown':
      return `disown ${action.ownerUids.join(' ')}`;
    case 'remove-finalizer':
      return `remove finalizer ${action.finalizer}`;
    case 'keep':
    case 'orphan-dependents':
    case 'collect-dependents':
      return action.kind;
  }
};

const byDeletion = ({ metadata, dependents }: GarbageSnapshot): GarbageAction => {
  const finalizers = metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) {
    const isDone = dependents.length === 0;
    return isDone ? { kind: 'remove-finalizer', finalizer: ORPHAN } : { kind: 'orphan-dependents' };
  }
  if (!finalizers.includes(FOREGROUND)) return { kind: 'keep' };
  return dependents.some(({ blocksOwner }) => blocksOwner)
    ? { kind: 'collect-dependents' }
    : { kind: 'remove-finalizer', finalizer: FOREGROUND };
};

const byOwners = ({ metadata, owners, dependents }: GarbageSnapshot): GarbageAction => {
  const gone = owners.filter(({ state }) => state !== 'present');
  if (gone.length === 0) return { kind: 'keep' };
  if (gone.length < owners.length) {
    return { kind: 'disown', ownerUids: gone.map(({ reference }) => reference.uid) };
  }
  const waits = owners.some(({ state }) => state === 'waits') && dependents.length > 0;
  return { kind: 'delete', propagation: waits ? 'Foreground' : propagationOf(metadata) };
};

/** Finalizers that are there already are the user's word on the dependents. */
const propagationOf = ({ finalizers = [] }: ObjectMeta): Propagation => {
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
};
