// A compiler for tests with a small world: shop/web is a pod of this node, the others are elsewhere.
import type { NetworkPolicySpec } from '../../src/k8s/generated/types.ts';
import { createPolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import type { PolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import type { PolicyRules } from '../../src/policy/model/rules.ts';
import type { World } from '../../src/policy/model/world.ts';
import { policy, worldOf } from './policy-world.ts';

const NAMESPACES = { shop: 'team=a', bank: 'team=b' };
export const PODS = {
  'shop/web': 'app=web @here 10.1.0.1 fd01::1 http:8080',
  'shop/api': 'app=api @there 10.1.0.2 fd01::2',
  'bank/db': 'app=db @there 10.1.0.3 fd01::3 http:9090',
};

/** A compiler that knows the world; sandboxes of the node `here` are this node's. */
const compilerOf = (world: World): PolicyCompiler => {
  const compiler = createPolicyCompiler();
  world.namespaces.forEach((labels, name) => compiler.upsertNamespace(name, labels));
  world.nodes.forEach(compiler.upsertNode);
  world.pods.forEach((pod, key) => {
    compiler.upsertPod(pod);
    if (pod.node === 'here') compiler.upsertLocal(key, pod.addresses);
  });
  world.policies.forEach(compiler.upsertPolicy);
  return compiler;
};

/** As of its first flush. */
export const compile = (...policies: readonly PolicyRules[]): PolicyCompiler => {
  const compiler = compilerOf(worldOf({ namespaces: NAMESPACES, pods: PODS }, policies));
  compiler.flush();
  return compiler;
};

/** A policy `shop/p` for the pod shop/web. */
export const ofWeb = (spec: NetworkPolicySpec): PolicyRules =>
  policy('shop/p', { podSelector: { matchLabels: { app: 'web' } }, ...spec });
