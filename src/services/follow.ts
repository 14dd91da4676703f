// Which Services are to be applied again when an object changes.
import type { Informer } from '../informer/informer.ts';
import type { EndpointSlice, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { serviceOfSlice } from './select.ts';
import type { SyncMeter } from './sync-meter.ts';

export type Followed = {
  readonly services: Pick<Informer<Service>, 'subscribe'>;
  readonly endpointSlices: Pick<Informer<EndpointSlice>, 'subscribe'>;
  readonly meter: Pick<SyncMeter, 'heardService' | 'heardSlice'>;
};

/** Calls `mark` with the keys of Services, those that are there at once; returns the ends of it. */
export const followServices = (
  { services, endpointSlices, meter }: Followed,
  mark: (service: string) => void,
): readonly (() => void)[] => [
  services.subscribe(({ key }) => {
    meter.heardService();
    mark(key);
  }),
  endpointSlices.subscribe(({ before, after }) => {
    meter.heardSlice(before, after);
    for (const service of servicesOf(before, after)) mark(service);
  }),
];

/** A slice may move from one Service to another. */
const servicesOf = (...slices: readonly (Stored<EndpointSlice> | undefined)[]): ReadonlySet<string> =>
  new Set(slices.flatMap((slice) => (slice && serviceOfSlice(slice)) ?? []));
