import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress } from '../../ip/address.ts';
import { connection } from '../../../test/support/policy-arbitraries.ts';
import { histories, move, worlds } from '../../../test/support/policy-moves.ts';
import { createEvaluator } from '../model/evaluate.ts';
import type { Connection, Verdict } from '../model/evaluate.ts';
import type { World } from '../model/world.ts';
import type { Elements } from './elements.ts';
import { createPolicyCompiler } from './policy-compiler.ts';
import type { Flush, PolicyCompiler } from './policy-compiler.ts';
import { createWalk } from './walk.ts';
import type { Packet } from './walk.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 200);

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
