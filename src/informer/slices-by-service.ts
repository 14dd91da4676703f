// The index of EndpointSlices by the Service that they are of.
import type { EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Slices by `namespace/name` of their Service. */
export const BY_SERVICE = 'slices/service';

/** The Service that the slice is of, as a key. */
export const serviceKeyOf = ({ metadata }: Stored<EndpointSlice>): string | undefined => {
  const name = metadata.labels?.[SERVICE_NAME];
  return name ? `${metadata.namespace}/${name}` : undefined;
};

export const slicesByService = {
  [BY_SERVICE]: (slice: Stored<EndpointSlice>): readonly string[] => {
    const service = serviceKeyOf(slice);
    return service ? [service] : [];
  },
} as const;
