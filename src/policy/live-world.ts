// What the policies of the cluster look at, as it is now: kept from the caches, handed on to the compiler where it differs.
import type { Change, Informer } from '../informer/informer.ts';
import type { ClusterNetworkPolicy } from '../k8s/cluster-network-policy.ts';
import type { Namespace, NetworkPolicy, Node, Pod } from '../k8s/generated/types.ts';
import type { Labels } from '../k8s/labels.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { equalJson } from '../lang/json.ts';
import type { PolicyCompiler } from './compile/policy-compiler.ts';
import { createLiveEvaluator } from './live-evaluator.ts';
import { clusterNetworkPolicyRules } from './model/cluster-network-policy.ts';
import type { Evaluate } from './model/evaluate.ts';
import { networkPolicyRules } from './model/network-policy.ts';
import type { PolicyRules } from './model/rules.ts';
import { policyNodeOf, policyPodOf } from './model/world.ts';
import type { PolicyNode, PolicyPod, World } from './model/world.ts';

type Followed<T extends KubeObject> = Pick<Informer<T>, 'subscribe' | 'whenSynced'>;

export type PolicySources = {
  /** Of all nodes. */
  readonly pods: Followed<Pod>;
  readonly namespaces: Followed<Namespace>;
  readonly nodes: Followed<Node>;
  readonly networkPolicies: Followed<NetworkPolicy>;
  readonly clusterNetworkPolicies: Followed<ClusterNetworkPolicy>;
};

export type LiveWorldOptions = {
  readonly sources: PolicySources;
  readonly compiler: PolicyCompiler;
  /** What DNS has told of names, also a while ago. */
  readonly domains: () => World['domains'];
  /** To be filled: of each pod by its key, also of those that are nobody to policies. */
  readonly uids: Map<string, string>;
  /** Something that the compiler looks at differs. */
  readonly onChange: () => void;
  /** A pod has come or gone, or another one has its name: the compiler knows it already. */
  readonly onPod: (key: string) => void;
};

export type LiveWorld = {
  /** To be asked within one turn: it goes on changing. */
  readonly now: () => World;
  /** The same world's evaluator; it is ready at once. */
  readonly evaluator: () => Evaluate;
  readonly stop: () => void;
};

/** Begins with what the caches have; nothing is to be made of it before they have synced. */
export const followWorld = ({
  sources,
  compiler,
  domains,
  uids,
  onChange,
  onPod,
}: LiveWorldOptions): LiveWorld => {
  const live = createLiveEvaluator(() => now());
  const facts = <T extends object>(...tells: readonly Tell<T>[]): Facts<T> => createFacts(tells, onChange);
  const forgetRules = { upsert: live.forgetRules, remove: live.forgetRules };
  const pods = facts<PolicyPod>(
    { upsert: compiler.upsertPod, remove: compiler.deletePod },
    { upsert: (pod, key) => live.setPod(key, pod), remove: (key) => live.setPod(key, undefined) },
  );
  const nodes = facts<PolicyNode>(
    { upsert: compiler.upsertNode, remove: compiler.deleteNode },
    { upsert: (node, name) => live.setNode(name, node), remove: (name) => live.setNode(name, undefined) },
  );
  const namespaces = facts<Labels>(
    { upsert: (labels, name) => compiler.upsertNamespace(name, labels), remove: compiler.deleteNamespace },
    forgetRules,
  );
  const rules: Tell<PolicyRules> = {
    upsert: compiler.upsertPolicy,
    remove: (_, { key }) => compiler.deletePolicy(key),
  };
  const [policies, clusterPolicies] = [facts(rules, forgetRules), facts(rules, forgetRules)];
  const now = (): World => ({
    namespaces: namespaces.known,
    pods: pods.known,
    nodes: nodes.known,
    domains: domains(),
    policies: [...policies.known.values(), ...clusterPolicies.known.values()],
  });
  const followPod = ({ key, before, after }: Change<Pod>): void => {
    if (after) uids.set(key, after.metadata.uid);
    else uids.delete(key);
    pods.set(key, after && policyPodOf(after));
    if (before?.metadata.uid !== after?.metadata.uid) onPod(key);
  };
  const stops = [
    sources.namespaces.subscribe(({ key, after }) => namespaces.set(key, after && labelsOf(after))),
    sources.nodes.subscribe(({ key, after }) => nodes.set(key, after && policyNodeOf(after))),
    sources.networkPolicies.subscribe(({ key, after }) =>
      policies.set(key, after && networkPolicyRules(after)),
    ),
    sources.clusterNetworkPolicies.subscribe(({ key, after }) =>
      clusterPolicies.set(key, after && clusterNetworkPolicyRules(after)),
    ),
    sources.pods.subscribe(followPod),
  ];
  return {
    now,
    evaluator: live.now,
    stop: () => stops.forEach((stop) => stop()),
  };
};

type Tell<T> = {
  readonly upsert: (fact: T, key: string) => void;
  readonly remove: (key: string, before: T) => void;
};

type Facts<T> = {
  readonly known: ReadonlyMap<string, T>;
  readonly set: (key: string, fact: T | undefined) => void;
};

/** Tells of what differs: objects are written for many reasons that policies do not look at. */
const createFacts = <T extends object>(tells: readonly Tell<T>[], onChange: () => void): Facts<T> => {
  const known = new Map<string, T>();
  const set = (key: string, fact: T | undefined): void => {
    const before = known.get(key);
    if (equalJson(before, fact)) return;
    if (fact) {
      known.set(key, fact);
      for (const { upsert } of tells) upsert(fact, key);
    } else {
      known.delete(key);
      for (const { remove } of tells) remove(key, before!);
    }
    onChange();
  };
  return { known, set };
};

const labelsOf = ({ metadata }: Stored<Namespace>): Labels => metadata.labels ?? {};
