// From a Service and its pods to the endpoints that its slices should hold. Memoryless.
import type { Pod, Service } from '../k8s/generated/types.ts';
import type { Labels } from '../k8s/labels.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerReference } from '../k8s/owner-references.ts';
import { services as serviceResource } from '../k8s/resources.ts';
import { endpointOf, endpointPorts, isEndpoint, podAddresses } from './pod-endpoint.ts';
import type { ServiceSnapshot } from './select.ts';
import { HEADLESS, MANAGED_BY, SERVICE_NAME, groupKey } from './state.ts';
import type { AddressType, SliceGroup, WantedSlices } from './state.ts';

export const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io';

/** kube-controller-manager's --max-endpoints-per-slice. */
const CAPACITY = 100;

export const compileSlices = ({ service, pods, nodes }: ServiceSnapshot): WantedSlices => ({
  namespace: service.metadata.namespace!,
  namePrefix: slicePrefix(service.metadata.name),
  owner: controllerReference(serviceResource, service),
  labels: sliceLabels(service, SLICE_CONTROLLER),
  annotations: {},
  groups: addressTypesOf(service).flatMap((addressType) => groupsOf(service, pods, nodes, addressType)),
  capacity: CAPACITY,
});

/** For metadata.generateName: names of up to 253 characters are cut there by the API server. */
export const slicePrefix = (name: string): string => `${name}-`;

const RESERVED: ReadonlySet<string> = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS]);

/** The Service's own labels, apart from those that say what a slice is. */
const sliceLabels = ({ metadata, spec }: Stored<Service>, manager: string): Labels => ({
  ...Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !RESERVED.has(key))),
  ...(hasClusterIp(spec) ? {} : { [HEADLESS]: '' }),
  [SERVICE_NAME]: metadata.name,
  [MANAGED_BY]: manager,
});

export const hasClusterIp = (spec: Service['spec']): boolean =>
  spec?.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';

const addressTypesOf = ({ spec }: Stored<Service>): readonly AddressType[] =>
  (['IPv4', 'IPv6'] as const).filter((type) => spec?.ipFamilies?.includes(type));

/** Pods with distinct ports (a name that stands for distinct numbers) are in distinct groups; never no group at all. */
const groupsOf = (
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  nodes: ServiceSnapshot['nodes'],
  addressType: AddressType,
): readonly SliceGroup[] => {
  const groups = new Map<string, SliceGroup & { readonly endpoints: ReturnType<typeof endpointOf>[] }>();
  for (const pod of pods.filter(isEndpoint)) {
    const addresses = podAddresses(pod, addressType);
    const node = nodes.get(pod.spec?.nodeName ?? '');
    // the pod of a node that is not there is about to go; who asks for unready pods gets it nevertheless
    if (addresses.length === 0 || (!node && !service.spec?.publishNotReadyAddresses)) continue;
    const ports = endpointPorts(service, pod);
    const key = groupKey({ addressType, ports });
    const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
    group.endpoints.push(endpointOf(pod, service, addresses, node?.zone));
    groups.set(key, group);
  }
  return groups.size > 0 ? [...groups.values()] : [{ addressType, ports: [], endpoints: [] }];
};
