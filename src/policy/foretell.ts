// What a policy would open and close, told as warnings by the API server when a write of it is a dry run.
import { clusterNetworkPolicies } from '../k8s/cluster-network-policy.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { namespaces, networkPolicies, nodes, pods } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { clusterNetworkPolicyRules } from './model/cluster-network-policy.ts';
import { diffRows } from './model/diff-text.ts';
import { diffAccess } from './model/diff.ts';
import { networkPolicyRules } from './model/network-policy.ts';
import { policyKeyText } from './model/rules.ts';
import type { PolicyRules } from './model/rules.ts';
import { worldOf } from './model/world-of.ts';
import { workloadsOf } from './model/workloads.ts';

type Write = {
  readonly resource: Resource;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  readonly fieldManager: string;
};

type Cluster = {
  readonly list: <T extends KubeObject>(resource: Resource<T>) => readonly Stored<T>[];
  readonly mayList: (resource: Resource) => boolean;
};

/** Whose dry runs are not to be told of: it tells of all its policies at once. */
export const POLICY_DIFF_MANAGER = 'podnet-policy-diff';

/** Pods times policies. A quarter of a million take some 0.1 s of the time of everybody who asks the API server. */
const PAIRS_MAX = 250_000;
/** Clients show each; an API server sends 4,096 characters. */
const ROWS_MAX = 8;

/** Nothing for other kinds, nor to who may not see the pods of all namespaces. */
export const foretellPolicies = (write: Write, { list, mayList }: Cluster): readonly string[] => {
  const [before, after] = [write.before, write.after].map((object) => rulesOf(write.resource, object));
  const key = after?.key ?? before?.key;
  if (!key || write.fieldManager === POLICY_DIFF_MANAGER || !mayList(pods)) return [];
  const allPods = list(pods);
  const world = worldOf({
    namespaces: list(namespaces),
    pods: allPods,
    nodes: list(nodes),
    networkPolicies: list(networkPolicies),
    clusterNetworkPolicies: list(clusterNetworkPolicies[0]),
  });
  if (allPods.length * world.policies.length > PAIRS_MAX)
    return ["what it opens and closes is told by 'podnet policy diff -f FILE'"];
  const others = world.policies.filter((policy) => policyKeyText(policy.key) !== policyKeyText(key));
  const rows = diffRows(diffAccess(world, after ? [...others, after] : others, workloadsOf(allPods)));
  const told = rows
    .slice(0, ROWS_MAX)
    .map(([effect, from, to, ports]) => `${effect} ${from} -> ${to}: ${ports}`);
  const rest = rows.length - told.length;
  return rest > 0 ? [...told, `and ${rest} more: 'podnet policy diff -f FILE' tells them all`] : told;
};

/** Undefined for an object that is no policy, and for none. */
const rulesOf = (resource: Resource, object: KubeObject | undefined): PolicyRules | undefined =>
  object && READERS.get(idOf(resource))?.(object);

const idOf = ({ group, resource }: Resource): string => `${group}/${resource}`;

const READERS = new Map<string, (object: KubeObject) => PolicyRules>([
  [idOf(networkPolicies), networkPolicyRules],
  [idOf(clusterNetworkPolicies[0]), clusterNetworkPolicyRules],
]);
