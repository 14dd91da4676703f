// The pods that an owner controls, after it has adopted and released what its selector says.
import type { ApiClient } from '../../client/client.ts';
import type { Informer } from '../../informer/informer.ts';
import type { LabelSelector, Pod } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { isPodActive } from '../../k8s/pod-state.ts';
import { type Resource, pods as podResource } from '../../k8s/resources.ts';
import { planClaims } from '../claim.ts';
import { applyClaims } from '../claim-apply.ts';
import { BY_CONTROLLER, ORPHANS } from '../indexes.ts';

export type ClaimPodsOptions<T extends KubeObject> = {
  readonly client: ApiClient;
  readonly pods: Informer<Pod>;
  readonly resource: Resource<T>;
  readonly owner: Stored<T>;
  readonly selector: LabelSelector | undefined;
  /** Which pods it takes and keeps, besides those that the selector selects. */
  readonly accepts?: (pod: Stored<Pod>) => boolean;
  /** What a pod gets when it is adopted, besides its owner. */
  readonly finalizer?: string;
};

/** Throws ApiError: a conflict is to be tried again. */
export const claimPods = <T extends KubeObject>({
  client,
  pods,
  resource,
  owner,
  selector,
  accepts = () => true,
  finalizer,
}: ClaimPodsOptions<T>): Promise<readonly Stored<Pod>[]> => {
  const { uid, namespace = '', deletionTimestamp } = owner.metadata;
  const orphans = pods.byIndex(ORPHANS, namespace).filter((pod) => isPodActive(pod) && accepts(pod));
  const claims = planClaims({ uid, selector, isDeleting: deletionTimestamp !== undefined }, [
    ...pods.byIndex(BY_CONTROLLER, uid),
    ...orphans,
  ]);
  return applyClaims({
    client,
    ownerResource: resource,
    owner,
    resource: podResource,
    claims,
    ...(finalizer ? { finalizer } : {}),
  });
};
