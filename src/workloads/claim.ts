// Which objects an owner controls: those that point at it and match its selector. It adopts orphans that match, and
// releases what does not match any more. kubernetes pkg/controller/controller_ref_manager.go (1.36).
import { labelSelectorMatches } from '../k8s/labels.ts';
import type { LabelSelector } from '../k8s/generated/types.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';

export type Claims<T extends KubeObject> = {
  readonly owned: readonly Stored<T>[];
  readonly adopt: readonly Stored<T>[];
  readonly release: readonly Stored<T>[];
};

export type Owner = {
  readonly uid: string;
  readonly selector: LabelSelector | undefined;
  readonly isDeleting: boolean;
};

/** `candidates`: everything that the owner controls now, and the orphans of its namespace. An owner in deletion adopts nothing. */
export const planClaims = <T extends KubeObject>(
  owner: Owner,
  candidates: readonly Stored<T>[],
): Claims<T> => {
  const isOwned = (object: Stored<T>): boolean => controllerOf(object)?.uid === owner.uid;
  const matches = ({ metadata }: Stored<T>): boolean => labelSelectorMatches(owner.selector, metadata.labels);
  const mayAdopt = (object: Stored<T>): boolean =>
    !owner.isDeleting && !controllerOf(object) && object.metadata.deletionTimestamp === undefined;
  return {
    owned: candidates.filter((object) => isOwned(object) && (matches(object) || owner.isDeleting)),
    adopt: candidates.filter((object) => mayAdopt(object) && matches(object)),
    release: candidates.filter((object) => isOwned(object) && !matches(object) && !owner.isDeleting),
  };
};
