// The endpoint controllers: Services and pods make EndpointSlices and Endpoints.
import type { ApiClient } from '../client/client.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import type { EndpointSlice, Endpoints, Node, Pod, Service } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startEndpointsController } from './endpoints-controller.ts';
import { startMirroringController } from './mirroring-controller.ts';
import { startSliceController } from './slice-controller.ts';

export { endpointIndexes } from './indexes.ts';

export type EndpointControllersOptions = {
  readonly client: ApiClient;
  /** The informers must have the indexes of `endpointIndexes`. */
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly endpoints: Informer<Endpoints>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informers have synced. */
export const startEndpoints = (options: EndpointControllersOptions): Controllers => {
  const { services, pods, nodes, endpointSlices, endpoints } = options;
  return startWhenSynced(whenAllSynced(services, pods, nodes, endpointSlices, endpoints), () => [
    startSliceController(options),
    startEndpointsController(options),
    startMirroringController(options),
  ]);
};
