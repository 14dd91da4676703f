// Services of type LoadBalancer: addresses out of pools, and the host's routes that lead there.
import type { ApiClient } from '../client/client.ts';
import { type Informer, whenAllSynced } from '../informer/informer.ts';
import type { Prefix } from '../ip/prefix.ts';
import type { EndpointSlice, Node, Service } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startAddressController } from './addresses/controller.ts';
import { startAnnouncer } from './routes/announcer.ts';

export { loadBalancerIndexes } from './indexes.ts';

export type LoadBalancersOptions = {
  readonly client: ApiClient;
  /** The informers must have the indexes of `loadBalancerIndexes`. */
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
  /** In the order in which they are used up; none within another. */
  readonly pools: readonly Prefix[];
  /** The host's interface on which the nodes are. */
  readonly linkName: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informers have synced. Works in the calling thread's network namespace: the host's. */
export const startLoadBalancers = (options: LoadBalancersOptions): Controllers => {
  const { services, endpointSlices, nodes } = options;
  return startWhenSynced(whenAllSynced(services, endpointSlices, nodes), () => [
    startAddressController(options),
    startAnnouncer(options),
  ]);
};
