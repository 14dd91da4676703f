// The endpoint controllers: Services and pods make EndpointSlices and Endpoints.
import type { ApiClient } from '../client/client.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import type { EndpointSlice, Endpoints, Node, Pod, Service } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { Loop } from '../reconcile/loop.ts';
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

export type EndpointControllers = {
  /** Resolves when nothing is left to do for what the informers have shown so far. */
  readonly whenIdle: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts when the informers have synced. */
export const startEndpoints = (options: EndpointControllersOptions): EndpointControllers => {
  const { services, pods, nodes, endpointSlices, endpoints } = options;
  let loops: readonly Loop[] = [];
  let isStopped = false;
  const started = whenAllSynced(services, pods, nodes, endpointSlices, endpoints).then(() => {
    if (isStopped) return;
    loops = [startSliceController, startEndpointsController, startMirroringController].map((start) =>
      start(options),
    );
  });
  return {
    whenIdle: async () => {
      await started;
      await Promise.all(loops.map((loop) => loop.whenIdle()));
    },
    stop: async () => {
      isStopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
