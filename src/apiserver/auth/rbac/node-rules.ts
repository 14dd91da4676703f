// What every node agent may do on what is not a pod's own: the role system:node, and what the node authorizer goes by.
// https://kubernetes.io/docs/reference/access-authn-authz/node/
import type { PolicyRule } from '../../../k8s/generated/types.ts';
import { CORE, READ, on } from './policy-rules.ts';

export const NODE_RULES: readonly PolicyRule[] = [
  on('create', 'authentication.k8s.io', 'tokenreviews'),
  on('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  on(READ, CORE, 'services'),
  on('create get list watch', CORE, 'nodes'),
  on('patch update', CORE, 'nodes/status'),
  on('patch update', CORE, 'nodes'),
  on('create patch update', CORE, 'events'),
  on(READ, CORE, 'pods'),
  on('create delete', CORE, 'pods'),
  on('patch update', CORE, 'pods/status'),
  on('create', CORE, 'pods/eviction'),
  on(READ, CORE, 'configmaps secrets'),
  on('get', CORE, 'persistentvolumeclaims persistentvolumes'),
  on('get', CORE, 'endpoints'),
  on('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  on('create delete get patch update', 'coordination.k8s.io', 'leases'),
  on('get', 'storage.k8s.io', 'volumeattachments'),
  on('create', CORE, 'serviceaccounts/token'),
  on('get patch update', CORE, 'persistentvolumeclaims/status'),
  on(READ, 'storage.k8s.io', 'csidrivers'),
  on('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  on(READ, 'node.k8s.io', 'runtimeclasses'),
  on(READ, 'apiextensions.k8s.io', 'customresourcedefinitions'),
  on(READ, 'policy.networking.k8s.io', 'clusternetworkpolicies'),
];
