import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress } from '../../ip/address.ts';
import {
  clusterPolicies,
  connection,
  emptyWorld,
  networkPolicies,
} from '../../../test/support/policy-arbitraries.ts';
import { createEvaluator } from '../model/evaluate.ts';
import type { Connection, Verdict } from '../model/evaluate.ts';
import { policyKeyText } from '../model/rules.ts';
import type { Rule } from '../model/rules.ts';
import type { World } from '../model/world.ts';
import type { Elements } from './elements.ts';
import { createPolicyCompiler } from './policy-compiler.ts';
import type { Flush, PolicyCompiler } from './policy-compiler.ts';
import { createWalk } from './walk.ts';
import type { Packet } from './walk.ts';

/** Only egress has names for peers: the chains of ingress do not look for them. */
const withoutNames = (rule: Rule): Rule => ({
  ...rule,
  peers: rule.peers === 'any' ? 'any' : rule.peers.filter(({ kind }) => kind !== 'domains'),
});

/** Pods of node-1 are those of this node. */
const worlds = fc
  .tuple(emptyWorld, fc.subarray([0, 1, 2, 3, 4]), networkPolicies, clusterPolicies)
  .map(([world, present, ...policies]) => ({
    ...world,
    pods: new Map([...world.pods].filter((_, index) => present.includes(index))),
    policies: policies.flat().map((rules) => ({ ...rules, ingress: rules.ingress?.map(withoutNames) })),
  }));

/** Worlds of which each has much of the one before: policies, pods and namespaces out of the same few worlds. */
const histories = fc.array(worlds, { minLength: 2, maxLength: 3 }).chain((pool) => {
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

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 200);

const FAR = 1e15;

/** Tells the compiler what is other in `after`, as informers would. */
const move = (compiler: PolicyCompiler, before: World | undefined, after: World): void => {
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

const compile = (world: World, numberCount?: number): PolicyCompiler => {
  const compiler = createPolicyCompiler(numberCount);
  move(compiler, undefined, world);
  compiler.flush();
  return compiler;
};

const textOf = (elements: Elements): readonly string[] =>
  [...elements]
    .flatMap(([map, entries]) => [...entries].map(([key, value]) => `${map} { ${key} : ${value} }`))
    .sort();

/** As the kernel would do it: a key that is there is not added, one that is not there is not removed. */
const apply = (kernel: Map<string, string>, { changes }: Flush): void => {
  for (const [map, key] of changes.remove)
    assert.ok(kernel.delete(`${map} ${key}`), `${map} ${key} is not there`);
  for (const [map, key, value] of changes.add) {
    assert.ok(!kernel.has(`${map} ${key}`), `${map} ${key} is there`);
    kernel.set(`${map} ${key}`, value);
  }
};

const flat = (elements: Elements): Map<string, string> =>
  new Map(
    [...elements].flatMap(([map, entries]) => [...entries].map(([key, value]) => [`${map} ${key}`, value])),
  );

const packetOf = ({ source, destination, protocol, port = 0 }: Connection): Packet => ({
  source: formatAddress(source),
  destination: formatAddress(destination),
  protocol: protocol.toLowerCase(),
  port,
});

const isJudged = ({ reason }: Verdict): boolean => reason.kind !== 'not judged';

/** Asserts that the elements and the evaluator agree at the ends of the connection that are pods of this node. */
const assertAgrees = (world: World, elements: Elements, connections: readonly Connection[]): void => {
  const evaluate = createEvaluator(world);
  const walk = createWalk(elements);
  for (const each of connections) {
    const decision = evaluate(each);
    for (const direction of ['egress', 'ingress'] as const) {
      const party = direction === 'egress' ? decision.source : decision.destination;
      if (party.kind !== 'pod' || party.pod.node !== 'node-1' || !isJudged(decision[direction])) continue;
      const { isAllowed } = walk(packetOf(each), direction);
      assert.equal(
        isAllowed,
        decision[direction].isAllowed,
        `${direction} ${JSON.stringify(packetOf(each))}`,
      );
    }
  }
};

const connections = fc.array(connection, { minLength: 10, maxLength: 40 });

describe('policy compiler', () => {
  it('a packet over the elements meets what the evaluator says', () => {
    fc.assert(
      fc.property(worlds, connections, (world, asked) =>
        assertAgrees(world, compile(world).elements(), asked),
      ),
      { numRuns },
    );
  });

  it('change by change it makes the same elements as from scratch', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const compiler = createPolicyCompiler();
        const kernel = new Map<string, string>();
        steps.forEach(({ world, isFlushed }, index) => {
          move(compiler, steps[index - 1]?.world, world);
          if (!isFlushed) return;
          apply(kernel, compiler.flush());
          assert.deepEqual(textOf(compiler.elements()), textOf(compile(world).elements()));
          assert.deepEqual(kernel, flat(compiler.elements()));
        });
      }),
      { numRuns },
    );
  });

  it('numbers that collide change nothing about what is allowed', () => {
    fc.assert(
      fc.property(histories, connections, (steps, asked) => {
        const compiler = createPolicyCompiler(200);
        steps.forEach(({ world }, index) => {
          move(compiler, steps[index - 1]?.world, world);
          compiler.flush();
          assertAgrees(world, compiler.elements(), asked);
        });
      }),
      { numRuns },
    );
  });
});
