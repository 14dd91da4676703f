// What a node says about itself to those who look at nodes: the scheduler, the node life cycle, endpoints.
import type { Node, NodeCondition } from './generated/types.ts';

/** Where a node is, of the well-known labels. */
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Undefined for a node that is in no zone. */
export const zoneOf = ({ metadata }: Pick<Node, 'metadata'>): string | undefined =>
  metadata?.labels?.[ZONE_LABEL] || undefined;

export const nodeCondition = ({ status }: Pick<Node, 'status'>, type: string): NodeCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);
