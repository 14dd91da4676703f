// How the controllers look objects up; the composition root gives these to the informers.
import { podsByNode } from '../informer/pods-by-node.ts';
import { slicesByService } from '../informer/slices-by-service.ts';
import type { Pod, Service } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { isTopologyAuto } from './zones/topology-mode.ts';

/** Pods by `namespace key=value` of each of their labels. */
export const BY_LABEL = 'endpoints/label';
/** Under '', the Services with topology mode Auto. */
export const AUTO = 'endpoints/topology-auto';
/** Services by `namespace key=value` of the first pair of their selector: a pod that matches it has that label. */
export const BY_SELECTOR = 'endpoints/selector';

type Pair = readonly [key: string, value: string];

export const labelValue = ({ metadata }: Stored<KubeObject>, [key, value]: Pair): string =>
  `${metadata.namespace} ${key}=${value}`;

/** The selector's pairs in a fixed order. */
export const selectorPairs = ({ spec }: Stored<Service>): readonly Pair[] =>
  Object.entries(spec?.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

export const endpointIndexes = {
  pods: {
    [BY_LABEL]: (pod: Stored<Pod>): readonly string[] =>
      Object.entries(pod.metadata.labels ?? {}).map((pair) => labelValue(pod, pair)),
    ...podsByNode,
  },
  services: {
    [BY_SELECTOR]: (service: Stored<Service>): readonly string[] =>
      selectorPairs(service)
        .slice(0, 1)
        .map((pair) => labelValue(service, pair)),
    [AUTO]: (service: Stored<Service>): readonly string[] => (isTopologyAuto(service) ? [''] : []),
  },
  endpointSlices: slicesByService,
} as const;
