// The table of kinds: what the embedded API server serves.
import { createServiceAllocator } from '../allocate/service-allocator.ts';
import type { ServiceRanges } from '../allocate/service-ranges.ts';
import type { Kind } from '../kind.ts';
import { customResourceDefinitionKind } from '../custom/definition/definition-kind.ts';
import { clusterRoleBindingKind } from './cluster-role-binding.ts';
import { clusterRoleKind } from './cluster-role.ts';
import { configMapKind } from './config-map.ts';
import { deploymentKind } from './deployment.ts';
import { endpointSliceKind } from './endpoint-slice.ts';
import { endpointsKind } from './endpoints.ts';
import { eventKind } from './event.ts';
import { ipAddressKind } from './ip-address.ts';
import { leaseKind } from './lease.ts';
import { namespaceKind } from './namespace.ts';
import { nodeKind } from './node.ts';
import { podKind } from './pod.ts';
import { replicaSetKind } from './replica-set.ts';
import { roleBindingKind } from './role-binding.ts';
import { roleKind } from './role.ts';
import { secretKind } from './secret.ts';
import { serviceAccountKind } from './service-account.ts';
import { serviceCidrKind } from './service-cidr.ts';
import { serviceKind } from './service.ts';

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
  customResourceDefinitionKind(() => []),
];
