// From Services, slices and nodes to what decides where an address leads.
import { type Address, parseAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { Endpoint, EndpointSlice, Node, Service } from '../../k8s/generated/types.ts';
import { nodeCondition } from '../../k8s/node-state.ts';
import type { Stored } from '../../k8s/objects.ts';
import { wantsAddress } from '../addresses/select.ts';

/** An address, and which nodes have endpoints behind it. */
export type Announcement = {
  readonly address: Address;
  /** externalTrafficPolicy Local: only a node with endpoints will do. */
  readonly isLocal: boolean;
  /** Nodes with ready endpoints of the address's family; those of others that still serve while they terminate. */
  readonly readyAt: ReadonlySet<string>;
  readonly servingAt: ReadonlySet<string>;
};

export type Gateway = {
  readonly name: string;
  readonly isReady: boolean;
  readonly addresses: readonly Address[];
};

/** One for each address that the Service has. */
export const selectAnnouncements = (
  service: Stored<Service>,
  slices: readonly Stored<EndpointSlice>[],
): readonly Announcement[] => {
  if (!wantsAddress(service)) return [];
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip = '', ipMode }) => {
    const address = parseSloppyAddress(ip);
    if (!address || ipMode === 'Proxy') return [];
    const endpoints = slices
      .filter(({ addressType }) => addressType === `IPv${address.family}`)
      .flatMap((slice) => slice.endpoints ?? []);
    return [
      {
        address,
        isLocal: service.spec?.externalTrafficPolicy === 'Local',
        readyAt: nodesOf(endpoints, ({ ready }) => ready ?? true),
        servingAt: nodesOf(endpoints, ({ serving, terminating }) => Boolean(serving && terminating)),
      },
    ];
  });
};

type Conditions = NonNullable<Endpoint['conditions']>;

const nodesOf = (
  endpoints: readonly Endpoint[],
  holds: (conditions: Conditions) => boolean,
): ReadonlySet<string> =>
  new Set(
    endpoints.flatMap(({ conditions = {}, nodeName }) => (nodeName && holds(conditions) ? [nodeName] : [])),
  );

const EXCLUDED_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** Undefined for a node that takes no load balancer's traffic (the service controller's predicate, kubernetes 1.36). */
export const selectGateway = ({ metadata, spec, status }: Stored<Node>): Gateway | undefined => {
  const isExcluded =
    EXCLUDED_LABEL in (metadata.labels ?? {}) ||
    (spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);
  if (isExcluded || metadata.deletionTimestamp !== undefined) return undefined;
  return {
    name: metadata.name,
    isReady: nodeCondition({ status }, 'Ready')?.status === 'True',
    addresses: (status?.addresses ?? []).flatMap(({ type, address }) =>
      type === 'InternalIP' ? (parseAddress(address) ?? []) : [],
    ),
  };
};
