// The condition Enforced of a policy, from what is known of the nodes.
import type { Condition } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';

export type EnforcedFacts = {
  readonly generation: number;
  /** What could not be understood of it, and is closed. */
  readonly problems: readonly string[];
  /** The nodes that are Ready. */
  readonly nodes: readonly string[];
  /** Those of them whose kernel does not have this generation. */
  readonly waiting: readonly string[];
  readonly selectsPods: boolean;
};

const ENFORCED = 'Enforced';

/** True once every node has had it, and as long as the policy stays as it is: nodes that come later open nothing. */
export const isEnforced = (conditions: readonly Condition[] | undefined, generation: number): boolean => {
  const condition = conditions?.find(({ type }) => type === ENFORCED);
  return condition?.status === 'True' && condition.observedGeneration === generation;
};

/** The conditions with ours brought up to date; the others stay. The same object if nothing is to change. */
export const withEnforced = (
  conditions: readonly Condition[],
  facts: EnforcedFacts,
  nowMs: number,
): readonly Condition[] => {
  const before = conditions.find(({ type }) => type === ENFORCED);
  const { status, reason, message } = verdictOf(facts, isEnforced(conditions, facts.generation));
  const isSame =
    before?.status === status &&
    before.reason === reason &&
    before.message === message &&
    before.observedGeneration === facts.generation;
  if (isSame) return conditions;
  const condition: Condition = {
    type: ENFORCED,
    status,
    reason,
    message: message.slice(0, MESSAGE_MAX),
    observedGeneration: facts.generation,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : formatTime(nowMs),
  };
  return [...conditions.filter((each) => each !== before), condition];
};

/** As the API has it for conditions. */
const MESSAGE_MAX = 32_768;
const NAMED_MAX = 5;

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const verdictOf = (
  { problems, nodes, waiting, selectsPods }: EnforcedFacts,
  wasEnforced: boolean,
): Verdict => {
  if (problems.length > 0)
    return {
      status: 'False',
      reason: 'NotUnderstood',
      message: `What is not understood allows nothing: ${problems.join('; ')}`,
    };
  if (!wasEnforced && nodes.length === 0)
    return { status: 'False', reason: 'NoNodes', message: 'No node is Ready' };
  if (!wasEnforced && waiting.length > 0)
    return {
      status: 'False',
      reason: 'Pending',
      message: `${nodes.length - waiting.length} of ${nodes.length} nodes have it, not ${someOf(waiting)}`,
    };
  return selectsPods
    ? { status: 'True', reason: 'InKernel', message: 'Every node has it' }
    : { status: 'True', reason: 'NoPodsSelected', message: 'Every node has it; it selects no pod now' };
};

const someOf = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`;
