// What holds for every world.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clusterPolicies,
  connection,
  egressRule,
  emptyWorld,
  ingressRule,
  networkPolicies,
  policySpec,
} from '../../../test/support/policy-arbitraries.ts';
import { policy } from '../../../test/support/policy-world.ts';
import { createEvaluator } from './evaluate.ts';
import type { Decision } from './evaluate.ts';
import type { PolicyRules, Rule } from './rules.ts';
import type { World } from './world.ts';

const questions = fc.array(connection, { minLength: 20, maxLength: 20 });
type Questions = typeof questions extends fc.Arbitrary<infer T> ? T : never;

const decisionsOf = (world: World, policies: readonly PolicyRules[], asked: Questions): Decision[] =>
  asked.map(createEvaluator({ ...world, policies }));

const verdictsOf = (world: World, policies: readonly PolicyRules[], asked: Questions): boolean[] =>
  decisionsOf(world, policies, asked).map(({ isAllowed }) => isAllowed);

const reversed = (rules: readonly Rule[] | undefined): readonly Rule[] | undefined => rules?.toReversed();

describe('evaluate(), for every world', () => {
  it('does not depend on the order of NetworkPolicies nor of their rules', () => {
    fc.assert(
      fc.property(emptyWorld, networkPolicies, questions, (world, policies, asked) => {
        const other = policies
          .toReversed()
          .map((rules) => ({ ...rules, ingress: reversed(rules.ingress), egress: reversed(rules.egress) }));
        assert.deepEqual(verdictsOf(world, other, asked), verdictsOf(world, policies, asked));
      }),
    );
  });

  it('does not depend on the order in which policies come', () => {
    fc.assert(
      fc.property(emptyWorld, networkPolicies, clusterPolicies, questions, (world, some, others, asked) => {
        const policies = [...some, ...others];
        assert.deepEqual(
          decisionsOf(world, policies.toReversed(), asked),
          decisionsOf(world, policies, asked),
        );
      }),
    );
  });

  it('is not changed by a policy that selects no pod', () => {
    fc.assert(
      fc.property(
        emptyWorld,
        networkPolicies,
        clusterPolicies,
        policySpec,
        questions,
        (world, some, others, spec, asked) => {
          const unrelated = policy('a/unrelated', {
            ...spec,
            podSelector: { matchLabels: { app: 'nobody' } },
          });
          const policies = [...some, ...others];
          assert.deepEqual(
            decisionsOf(world, [...policies, unrelated], asked),
            decisionsOf(world, policies, asked),
          );
        },
      ),
    );
  });

  it('closes nothing by one more rule of a NetworkPolicy', () => {
    fc.assert(
      fc.property(
        emptyWorld,
        networkPolicies,
        policySpec,
        fc.record({ ingress: ingressRule, egress: egressRule }),
        questions,
        (world, others, spec, more, asked) => {
          const { ingress = [], egress = [] } = spec;
          const policyTypes = ['Ingress', 'Egress'];
          const before = policy('a/grown', { ...spec, policyTypes });
          const after = policy('a/grown', {
            ...spec,
            policyTypes,
            ingress: [...ingress, more.ingress],
            egress: [...egress, more.egress],
          });
          const was = verdictsOf(world, [...others, before], asked);
          const is = verdictsOf(world, [...others, after], asked);
          assert.ok(was.every((isAllowed, index) => !isAllowed || is[index]));
        },
      ),
    );
  });

  it('opens nothing by one more NetworkPolicy of a pod that is isolated already, but what it allows', () => {
    fc.assert(
      fc.property(emptyWorld, networkPolicies, policySpec, questions, (world, others, spec, asked) => {
        const types = { policyTypes: ['Ingress', 'Egress'] };
        const closed = ['a', 'b'].map((namespace) =>
          policy(`${namespace}/closed`, { podSelector: {}, ...types }),
        );
        const more = policy('a/more', { ...spec, ...types });
        const union = (one: readonly boolean[], other: readonly boolean[]): boolean[] =>
          one.map((isAllowed, index) => isAllowed || other[index]!);
        const ends = (policies: readonly PolicyRules[]): boolean[] =>
          decisionsOf(world, policies, asked).flatMap(({ egress, ingress }) => [
            egress.isAllowed,
            ingress.isAllowed,
          ]);
        assert.deepEqual(
          ends([...closed, ...others, more]),
          union(ends([...closed, ...others]), ends([...closed, more])),
        );
      }),
    );
  });
});
