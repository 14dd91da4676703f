// Random worlds, and the way from one to the next as a node's agent tells it to its compiler.
import fc from 'fast-check';
import type { PolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import { policyKeyText } from '../../src/policy/model/rules.ts';
import type { PolicyRules, Rule } from '../../src/policy/model/rules.ts';
import type { PolicyNode, World } from '../../src/policy/model/world.ts';
import { clusterPolicies, emptyWorld, networkPolicies } from './policy-arbitraries.ts';

/** Only egress has names for peers: the chains of ingress do not look for them. */
const withoutNames = (rule: Rule): Rule => ({
  ...rule,
  peers: rule.peers === 'any' ? 'any' : rule.peers.filter(({ kind }) => kind !== 'domains'),
});

/** Pods of node-1 are those of this node. */
export const worlds = fc
  .tuple(emptyWorld, fc.subarray([0, 1, 2, 3, 4]), networkPolicies, clusterPolicies)
  .map(([world, present, ...policies]) => ({
    ...world,
    pods: new Map([...world.pods].filter((_, index) => present.includes(index))),
    policies: policies.flat().map((rules) => ({ ...rules, ingress: rules.ingress?.map(withoutNames) })),
  }));

/** The nodes as they are, one less, each with the other's labels, and with a pod's address besides its own. */
const otherNodes = ({ nodes }: World): readonly World['nodes'][] => {
  const [first, second] = [...nodes.values()] as [PolicyNode, PolicyNode];
  const mapOf = (...list: readonly PolicyNode[]): World['nodes'] =>
    new Map(list.map((node) => [node.name, node]));
  return [
    nodes,
    mapOf(first),
    mapOf({ ...first, labels: second.labels }, { ...second, labels: first.labels }),
    mapOf(first, { ...second, addresses: [...second.addresses, '10.1.0.1'] }),
  ];
};

/** Worlds of which each has much of the one before: policies, pods and namespaces out of the same few worlds. */
export const histories = fc.array(worlds, { minLength: 2, maxLength: 3 }).chain((pool) => {
  const anyWorld = fc.constantFrom(...pool);
  const policies = fc.subarray(pool.flatMap((world) => world.policies));
  return fc.array(
    fc.record({
      world: fc.tuple(anyWorld, anyWorld, policies, fc.nat(3)).map(([{ pods }, world, chosen, variant]) => ({
        ...world,
        pods,
        nodes: otherNodes(world)[variant]!,
        policies: [...new Map(chosen.map((rules) => [policyKeyText(rules.key), rules])).values()],
      })),
      isFlushed: fc.boolean(),
    }),
    { minLength: 2, maxLength: 6 },
  );
});

const FAR = 4e12;

/** Tells the compiler what is other in `after`, as informers would. */
export const move = (compiler: PolicyCompiler, before: World | undefined, after: World): void => {
  for (const name of gone(before?.namespaces, after.namespaces)) compiler.deleteNamespace(name);
  for (const [name, labels] of after.namespaces) compiler.upsertNamespace(name, labels);
  for (const key of gone(before?.pods, after.pods)) {
    compiler.deletePod(key);
    compiler.deleteLocal(key);
  }
  for (const [key, pod] of after.pods) {
    compiler.upsertPod(pod);
    if (pod.node === 'node-1') compiler.upsertLocal(key, pod.addresses);
    else compiler.deleteLocal(key);
  }
  for (const name of gone(before?.nodes, after.nodes)) compiler.deleteNode(name);
  after.nodes.forEach(compiler.upsertNode);
  const [old, young] = [byKey(before?.policies ?? []), byKey(after.policies)];
  for (const text of gone(old, young)) compiler.deletePolicy(old.get(text)!.key);
  young.forEach(compiler.upsertPolicy);
  for (const [name, addresses] of after.domains)
    for (const address of addresses) compiler.resolve(name, address, FAR);
};

const byKey = (policies: readonly PolicyRules[]): ReadonlyMap<string, PolicyRules> =>
  new Map(policies.map((rules) => [policyKeyText(rules.key), rules]));

const gone = (
  before: ReadonlyMap<string, unknown> = new Map(),
  after: ReadonlyMap<string, unknown>,
): readonly string[] => [...before.keys()].filter((key) => !after.has(key));
