// The table of kinds: what the embedded API server serves.
import { createServiceAllocator } from '../allocate/service-allocator.ts';
import type { ServiceRanges } from '../allocate/service-ranges.ts';
import type { Kind } from '../kind.ts';
import { clusterRoleBindingKind } from './rbac/cluster-role-binding.ts';
import { clusterRoleKind } from './rbac/cluster-role.ts';
import { configMapKind } from './core/config-map.ts';
import { deploymentKind } from './apps/deployment.ts';
import { endpointSliceKind } from './discovery/endpoint-slice.ts';
import { endpointsKind } from './core/endpoints.ts';
import { eventKind } from './core/event.ts';
import { ipAddressKind } from './networking/ip-address.ts';
import { leaseKind } from './coordination/lease.ts';
import { namespaceKind } from './core/namespace.ts';
import { nodeKind } from './core/node.ts';
import { podKind } from './core/pod.ts';
import { replicaSetKind } from './apps/replica-set.ts';
import { roleBindingKind } from './rbac/role-binding.ts';
import { roleKind } from './rbac/role.ts';
import { secretKind } from './core/secret.ts';
import { serviceAccountKind } from './core/service-account.ts';
import { serviceCidrKind } from './networking/service-cidr.ts';
import { serviceKind } from './core/service.ts';

/** The rows of one API server: the node ports of Services are its own. */
export const createKinds = (ranges: ServiceRanges): readonly Kind[] => [
  configMapKind,
  endpointsKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
  serviceKind(createServiceAllocator(ranges)),
  deploymentKind,
  replicaSetKind,
  leaseKind,
  endpointSliceKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  serviceCidrKind(ranges.serviceCidrs),
  ipAddressKind,
];
