// How the controllers look Services up; the composition root gives these to the informers.
import { slicesByService } from '../informer/slices-by-service.ts';
import type { Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { concernsAddresses } from './addresses/select.ts';

/** Under '', the Services that have, want or may take a load balancer's address. */
export const CONCERNED = 'loadbalancer/concerned';

export const loadBalancerIndexes = {
  services: {
    [CONCERNED]: (service: Stored<Service>): readonly string[] => (concernsAddresses(service) ? [''] : []),
  },
  endpointSlices: slicesByService,
} as const;
