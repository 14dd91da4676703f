// What a node agent may do besides what roles give to its group: what concerns its own pods, and its own lease.
// Rules and words: kubernetes plugin/pkg/auth/authorizer/node/node_authorizer.go. That a node writes only to its own
// Node, lease and pods is for restrict-node.ts to see, which knows the objects.
import type { Pod } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';
import { pods } from '../../../k8s/resources.ts';
import type { Attributes, Decision, ResourceAttributes } from '../attributes.ts';
import type { ObjectSource } from '../object-source.ts';
import { NODE_RULES } from '../rbac/node-rules.ts';
import { ruleAllows } from '../rbac/rule.ts';
import { type ReferenceKind, refersTo } from './pod-references.ts';
import { PodsByNode } from './pods-by-node.ts';

export type NodeAuthorizer = (nodeName: string, attributes: Attributes) => Decision;

/** The pods are read when a node first asks for something of theirs. */
export const createNodeAuthorizer = (source: ObjectSource): NodeAuthorizer => {
  let index: PodsByNode | undefined;
  const podsOf = (nodeName: string): Iterable<Stored<Pod>> => (index ??= followPods(source)).of(nodeName);
  return (nodeName, attributes) => {
    const special = attributes.kind === 'resource' && SPECIAL[`${attributes.group}/${attributes.resource}`];
    const refusal = special
      ? special({ nodeName, podsOf }, attributes)
      : NODE_RULES.some((rule) => ruleAllows(rule, attributes))
        ? undefined
        : '';
    return refusal === undefined ? { allowed: true, reason: '' } : { allowed: false, reason: refusal };
  };
};

const followPods = (source: ObjectSource): PodsByNode => {
  const index = new PodsByNode();
  source.follow(pods, (key, pod) => index.set(key, pod));
  return index;
};

type Asked = {
  readonly nodeName: string;
  readonly podsOf: (nodeName: string) => Iterable<Stored<Pod>>;
};

/** Why not; undefined: allowed. */
type Rule = (asked: Asked, attributes: ResourceAttributes) => string | undefined;

const isReferred =
  (kind: ReferenceKind): Rule =>
  (asked, attributes) => {
    const { verb, subresource, namespace } = attributes;
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return 'can only read resources of this type';
    if (subresource) return 'cannot read subresource';
    if (!namespace) return 'can only read namespaced object of this type';
    return related(asked, attributes, (pod, name) => refersTo(pod, kind, name));
  };

const token: Rule = (asked, attributes) => {
  if (attributes.verb !== 'create' || !attributes.name)
    return 'can only create tokens for individual service accounts';
  if (attributes.subresource !== 'token') return 'can only create token subresource of serviceaccount';
  return related(asked, attributes, (pod, name) => pod.spec?.serviceAccountName === name);
};

const related = (
  { nodeName, podsOf }: Asked,
  { name, namespace }: ResourceAttributes,
  isRelated: (pod: Stored<Pod>, name: string) => boolean,
): string | undefined => {
  if (!name) return 'No Object name found';
  for (const pod of podsOf(nodeName))
    if (pod.metadata.namespace === namespace && isRelated(pod, name)) return undefined;
  return `no relationship found between node '${nodeName}' and this object`;
};

const LEASE_VERBS = ['get', 'create', 'update', 'patch', 'delete'];

const lease: Rule = ({ nodeName }, { verb, namespace, name }) => {
  if (!LEASE_VERBS.includes(verb)) return 'can only get, create, update, patch, or delete a node lease';
  if (namespace !== 'kube-node-lease')
    return 'can only access leases in the "kube-node-lease" system namespace';
  if (verb !== 'create' && name !== nodeName)
    return 'can only access node lease with the same name as the requesting node';
  return undefined;
};

const SPECIAL: Readonly<Record<string, Rule>> = {
  '/secrets': isReferred('secret'),
  '/configmaps': isReferred('configMap'),
  '/serviceaccounts': token,
  'coordination.k8s.io/leases': lease,
};
