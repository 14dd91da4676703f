// What an agent has heard of the policies, to be told when its kernel has all of it.
import type { Informer } from '../../informer/informer.ts';
import { clusterNetworkPolicies } from '../../k8s/cluster-network-policy.ts';
import type { ClusterNetworkPolicy } from '../../k8s/cluster-network-policy.ts';
import type { NetworkPolicy } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { networkPolicies } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import { createHeld } from './held.ts';

export type FollowHeldOptions = {
  readonly networkPolicies: Pick<Informer<NetworkPolicy>, 'subscribe'>;
  readonly clusterNetworkPolicies: Pick<Informer<ClusterNetworkPolicy>, 'subscribe'>;
  /** There is something to be told, though it may mean nothing to the kernel. */
  readonly onChange: () => void;
  readonly onHeld: (resource: Resource, held: string) => void;
};

export type FollowedHeld = {
  /** To be called when the kernel has everything that was heard of. */
  readonly tell: () => void;
  readonly stop: () => void;
};

export const followHeld = (options: FollowHeldOptions): FollowedHeld => {
  const { onChange, onHeld } = options;
  const follow = <T extends KubeObject>(
    resource: Resource,
    informer: Pick<Informer<T>, 'subscribe'>,
  ): FollowedHeld => {
    const held = createHeld();
    const stop = informer.subscribe(({ key, after }) => {
      const before = held.text();
      held.set(key, after);
      if (held.text() !== before) onChange();
    });
    return { tell: () => onHeld(resource, held.text()), stop };
  };
  const kinds = [
    follow(networkPolicies, options.networkPolicies),
    follow(clusterNetworkPolicies[0], options.clusterNetworkPolicies),
  ];
  return {
    tell: () => kinds.forEach(({ tell }) => tell()),
    stop: () => kinds.forEach(({ stop }) => stop()),
  };
};
