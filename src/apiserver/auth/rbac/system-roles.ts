// The roles for programs, by their names in Kubernetes 1.36: those that users, charts and podnet's own agents refer to.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#other-component-roles
// Controllers run in the API server's own process as masters: the system:controller: roles are not here.
import type { PolicyRule } from '../../../k8s/generated/types.ts';
import { NODE_RULES } from './node-rules.ts';
import { CORE, EVENTS, READ, on, toUrls } from './policy-rules.ts';

const HEALTH = '/healthz /livez /readyz /version /version/';

export const SYSTEM_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'system:auth-delegator': [
    on('create', 'authentication.k8s.io', 'tokenreviews'),
    on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ],
  'system:basic-user': [
    on('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    on('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'system:discovery': [
    toUrls('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
  ],
  'system:kube-aggregator': [on(READ, CORE, 'endpoints services')],
  'system:kube-controller-manager': [
    EVENTS,
    on('create', 'coordination.k8s.io', 'leases'),
    on('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
    on('create', CORE, 'secrets serviceaccounts'),
    on('delete', CORE, 'secrets'),
    on('get', CORE, 'configmaps namespaces secrets serviceaccounts'),
    on('update', CORE, 'secrets serviceaccounts'),
    on('create', 'authentication.k8s.io', 'tokenreviews'),
    on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    on('list watch', '*', '*'),
    on('create', CORE, 'serviceaccounts/token'),
  ],
  'system:kube-dns': [on('list watch', CORE, 'endpoints services')],
  'system:kube-scheduler': [
    EVENTS,
    on('create', 'coordination.k8s.io', 'leases'),
    on('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    on(READ, CORE, 'nodes'),
    on('delete get list watch', CORE, 'pods'),
    on('create', CORE, 'bindings pods/binding'),
    on('patch update', CORE, 'pods/status'),
    on(READ, CORE, 'replicationcontrollers services'),
    on(READ, 'apps extensions', 'replicasets'),
    on(READ, 'apps', 'statefulsets'),
    on(READ, 'policy', 'poddisruptionbudgets'),
    on(READ, CORE, 'persistentvolumeclaims persistentvolumes'),
    on('create', 'authentication.k8s.io', 'tokenreviews'),
    on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    on(READ, CORE, 'namespaces'),
  ],
  'system:kubelet-api-admin': [
    on(READ, CORE, 'nodes'),
    on('proxy', CORE, 'nodes'),
    on('*', CORE, 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
  ],
  'system:monitoring': [
    toUrls('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
  ],
  'system:node': NODE_RULES,
  'system:node-bootstrapper': [
    on('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  ],
  'system:node-problem-detector': [on('get', CORE, 'nodes'), on('patch', CORE, 'nodes/status'), EVENTS],
  'system:node-proxier': [
    on('list watch', CORE, 'endpoints services'),
    on(READ, CORE, 'nodes'),
    EVENTS,
    on('list watch', 'discovery.k8s.io', 'endpointslices'),
  ],
  'system:persistent-volume-provisioner': [
    on('create delete get list watch', CORE, 'persistentvolumes'),
    on('get list update watch', CORE, 'persistentvolumeclaims'),
    on(READ, 'storage.k8s.io', 'storageclasses'),
    on('watch', CORE, 'events'),
    EVENTS,
  ],
  'system:public-info-viewer': [toUrls('get', HEALTH)],
  'system:service-account-issuer-discovery': [
    toUrls(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ],
  // podnet's own: an agent is its node's service proxy, DNS, router and policy enforcer as well as its kubelet.
  'podnet:node-agent': [
    on(READ, CORE, 'endpoints namespaces nodes pods services'),
    on(READ, CORE, 'configmaps', 'coredns'), // how the DNS is configured
    on(READ, 'discovery.k8s.io', 'endpointslices'),
    on(READ, 'networking.k8s.io policy.networking.k8s.io gateway.networking.k8s.io', '*'),
    EVENTS,
  ],
};

/** Who has a role from the start: by its name, the users (`user:`) and groups. */
export const SYSTEM_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'podnet:node-agent': ['system:nodes'],
  'system:basic-user': ['system:authenticated'],
  'system:discovery': ['system:authenticated'],
  'system:kube-controller-manager': ['user:system:kube-controller-manager'],
  'system:kube-dns': ['serviceaccount:kube-system/kube-dns'],
  'system:kube-scheduler': ['user:system:kube-scheduler'],
  'system:monitoring': ['system:monitoring'],
  'system:node': [], // the node authorizer takes its place
  'system:node-proxier': ['user:system:kube-proxy'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
  'system:service-account-issuer-discovery': ['system:serviceaccounts'],
};
