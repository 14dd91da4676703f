// STATUS, ROLES and addresses of a Node (kubernetes pkg/printers/internalversion/printers.go printNode).
import type { Node } from '../../k8s/generated/types.ts';
import { nodeCondition } from '../../k8s/node-state.ts';
import { NONE } from './columns.ts';

export const nodeStatusCell = (node: Node): string => {
  const ready = nodeCondition(node, 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  return [...words, ...(node.spec?.unschedulable ? ['SchedulingDisabled'] : [])].join(',');
};

const ROLE_PREFIX = 'node-role.kubernetes.io/';

/** From the labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role=ROLE`. */
export const nodeRolesCell = ({ metadata }: Node): string => {
  const roles = Object.entries(metadata?.labels ?? {}).map(([key, value]) =>
    key.startsWith(ROLE_PREFIX) ? key.slice(ROLE_PREFIX.length) : key === 'kubernetes.io/role' ? value : '',
  );
  return [...new Set(roles.filter(Boolean))].sort().join(',') || NONE;
};

export const nodeAddressCell = ({ status }: Node, addressType: 'InternalIP' | 'ExternalIP'): string =>
  status?.addresses?.find(({ type }) => type === addressType)?.address ?? NONE;
