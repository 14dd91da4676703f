// What the model says about connections, and which rule would have allowed those that it denies.
import { createEvaluator, inOrder, questionOf } from '../../policy/model/evaluate.ts';
import type { Connection, Decision } from '../../policy/model/evaluate.ts';
import { nearestRule } from '../../policy/model/nearest.ts';
import type { NearMiss } from '../../policy/model/nearest.ts';
import type { Direction } from '../../policy/model/rules.ts';
import type { World } from '../../policy/model/world.ts';
import type { KernelAnswer } from './kernel-answer.ts';

export type Explanation = {
  readonly connection: Connection;
  readonly decision: Decision;
  /** For each end that denies; undefined where no single change would do. */
  readonly nearest: Readonly<Record<Direction, NearMiss | undefined>>;
  /** What the kernel does with it; undefined until it was asked. */
  readonly kernel?: KernelAnswer | undefined;
};

export const explainConnections = (
  world: World,
  connections: readonly Connection[],
): readonly Explanation[] => {
  const evaluate = createEvaluator(world);
  const rulebook = { ...world, policies: inOrder(world.policies) };
  return connections.map((connection) => {
    const decision = evaluate(connection);
    const nearest = (direction: Direction): NearMiss | undefined => {
      const question = questionOf(connection, direction, decision);
      return decision[direction].isAllowed || 'kind' in question
        ? undefined
        : nearestRule(question, rulebook);
    };
    return { connection, decision, nearest: { egress: nearest('egress'), ingress: nearest('ingress') } };
  });
};
