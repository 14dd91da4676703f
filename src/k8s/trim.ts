// Objects cut down to what the agent of a node reads: tens of thousands of Services and slices are most of its memory.
import { createShared } from '../lang/shared.ts';
import type { Shared } from '../lang/shared.ts';
import type { Container, Endpoint, EndpointSlice, Pod, Service } from './generated/types.ts';
import type { KubeObject, Stored, StoredMeta } from './objects.ts';
import { sidecarsOf } from './pod-state.ts';

export type Trim = {
  readonly service: (service: Stored<Service>) => Stored<Service>;
  readonly endpointSlice: (slice: Stored<EndpointSlice>) => Stored<EndpointSlice>;
  /** What policies look at: who it is, where it is, and the names of its ports. */
  readonly pod: (pod: Stored<Pod>) => Stored<Pod>;
};

/** No part of an agent asks who owns a field, and the owners are half of an object's bytes. */
export const withoutOwners = <T extends KubeObject>(object: Stored<T>): Stored<T> => ({
  ...object,
  metadata: { ...object.metadata, managedFields: undefined },
});

/** What many objects have alike (ports, conditions, names of nodes) is there once for all that go through one Trim. */
export const createTrim = (): Trim => {
  const shared = createShared();
  return {
    service: ({ metadata, spec, status }) => ({
      metadata: metaOf(metadata, shared),
      spec: spec && { ...spec, selector: undefined, ports: shared.value(spec.ports) },
      ...(status?.loadBalancer?.ingress && { status }),
    }),
    endpointSlice: ({ metadata, addressType, ports, endpoints }) => ({
      metadata: { ...metaOf(metadata, shared), ...triggerTimeOf(metadata) },
      addressType: shared.text(addressType),
      ports: shared.value(ports),
      endpoints: endpoints?.map((endpoint) => endpointOf(endpoint, shared)),
    }),
    pod: ({ metadata, spec, status }) => ({
      metadata: metaOf(metadata, shared),
      spec: shared.value({
        nodeName: spec?.nodeName,
        ...(spec?.hostNetwork && { hostNetwork: true }),
        containers: (spec?.containers ?? []).flatMap(namedPortsOf),
        initContainers: sidecarsOf(spec).flatMap(namedPortsOf),
      }),
      status: { phase: shared.text(status?.phase), ...(status?.podIPs && { podIPs: status.podIPs }) },
    }),
  };
};

const metaOf = (
  { name, namespace, uid, resourceVersion, creationTimestamp, labels }: StoredMeta,
  shared: Shared,
): StoredMeta => ({
  name,
  ...(namespace !== undefined && { namespace: shared.text(namespace) }),
  uid,
  resourceVersion,
  creationTimestamp: shared.text(creationTimestamp),
  ...(labels && { labels }),
});

const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

const triggerTimeOf = ({ annotations }: StoredMeta): Pick<StoredMeta, 'annotations'> => {
  const time = annotations?.[TRIGGER_TIME];
  return time === undefined ? {} : { annotations: { [TRIGGER_TIME]: time } };
};

/** None of a container that names no port. */
const namedPortsOf = ({ name, restartPolicy, ports = [] }: Container): readonly Container[] => {
  const named = ports.filter((port) => port.name);
  return named.length === 0 ? [] : [{ name, ...(restartPolicy && { restartPolicy }), ports: named }];
};

/** Only the first address is anyone's (discovery/v1); who the endpoint is (targetRef) is not the data path's to know. */
const endpointOf = (
  { addresses, conditions, nodeName, hostname, hints }: Endpoint,
  shared: Shared,
): Endpoint => ({
  addresses,
  ...(conditions && { conditions: shared.value(conditions) }),
  ...(nodeName !== undefined && { nodeName: shared.text(nodeName) }),
  ...(hostname !== undefined && { hostname }),
  ...(hints && { hints: shared.value(hints) }),
});
