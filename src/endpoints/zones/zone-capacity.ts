// What part of the cluster's CPU each zone has. kubernetes staging/src/k8s.io/endpointslice/topologycache (1.36).
import type { Node } from '../../k8s/generated/types.ts';
import { nodeCondition, zoneOf } from '../../k8s/node-state.ts';
import type { Stored } from '../../k8s/objects.ts';
import { quantityMillis } from '../../k8s/quantity.ts';

/** Zone -> its part of the whole, above 0; two zones or more. Or why it cannot be said. */
export type ZoneCapacity =
  | { readonly ok: true; readonly shares: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly reason: string };

const EXCLUDED_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** Of ready nodes only, control planes left out. One node without zone or CPU makes all of it unknown. */
export const zoneCapacity = (nodes: readonly Stored<Node>[]): ZoneCapacity => {
  const millisByZone = new Map<string, number>();
  for (const node of nodes.filter(counts)) {
    const [zone, millis] = [zoneOf(node), cpuMillis(node)];
    if (zone === undefined || millis === 0) return { ok: false, reason: INSUFFICIENT };
    millisByZone.set(zone, (millisByZone.get(zone) ?? 0) + millis);
  }
  if (millisByZone.size === 0) return { ok: false, reason: INSUFFICIENT };
  if (millisByZone.size === 1) return { ok: false, reason: 'Nodes only ready in one zone' };
  const total = [...millisByZone.values()].reduce((sum, millis) => sum + millis, 0);
  return {
    ok: true,
    shares: new Map([...millisByZone].map(([zone, millis]) => [zone, millis / total])),
  };
};

/** All of a node that the shares depend on, as text. */
export const capacityFacts = (node: Stored<Node>): string =>
  counts(node) ? JSON.stringify([zoneOf(node), cpuMillis(node)]) : '';

const INSUFFICIENT =
  'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';

const counts = (node: Stored<Node>): boolean =>
  nodeCondition(node, 'Ready')?.status === 'True' &&
  !EXCLUDED_LABELS.some((label) => label in (node.metadata.labels ?? {}));

const cpuMillis = ({ status }: Stored<Node>): number =>
  quantityMillis(status?.allocatable?.['cpu'] ?? 0) ?? 0;
