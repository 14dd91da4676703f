// Random worlds, and the way from one to the next as a node's agent tells it to its compiler.
import fc from 'fast-check';
import type { PolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import { policyKeyText } from '../../src/policy/model/rules.ts';
import type { Rule } from '../../src/policy/model/rules.ts';
import type { World } from '../../src/policy/model/world.ts';
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

/** Worlds of which each has much of the one before: policies, pods and namespaces out of the same few worlds. */
export const histories = fc.array(worlds, { minLength: 2, maxLength: 3 }).chain((pool) => {
  const anyWorld = fc.constantFrom(...pool);
  const policies = fc.subarray(pool.flatMap((world) => world.policies));
  return fc.array(
    fc.record({
      world: fc.tuple(anyWorld, anyWorld, policies).map(([{ pods }, world, chosen]) => ({
        ...world,
        pods,
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
  const names = (each: World | undefined): readonly string[] => [...(each?.namespaces.keys() ?? [])];
  for (const name of names(before)) if (!after.namespaces.has(name)) compiler.deleteNamespace(name);
  for (const [name, labels] of after.namespaces) compiler.upsertNamespace(name, labels);
  for (const key of before?.pods.keys() ?? []) {
    if (after.pods.has(key)) continue;
    compiler.deletePod(key);
    compiler.deleteLocal(key);
  }
  for (const [key, pod] of after.pods) {
    compiler.upsertPod(pod);
    if (pod.node === 'node-1') compiler.upsertLocal(key, pod.addresses);
    else compiler.deleteLocal(key);
  }
  for (const node of after.nodes.values()) compiler.upsertNode(node);
  for (const { key } of before?.policies ?? [])
    if (!after.policies.some((each) => policyKeyText(each.key) === policyKeyText(key)))
      compiler.deletePolicy(key);
  after.policies.forEach(compiler.upsertPolicy);
  for (const [name, addresses] of after.domains)
    for (const address of addresses) compiler.resolve(name, address, FAR);
};
