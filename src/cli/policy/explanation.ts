// What the model says about connections: as data for programs, and as lines for people.
import { formatAddress } from '../../ip/address.ts';
import { createEvaluator, inOrder, questionOf } from '../../policy/model/evaluate.ts';
import type { Connection, Decision, RuleMatch, Verdict } from '../../policy/model/evaluate.ts';
import type { Party } from '../../policy/model/match.ts';
import { nearMissText } from '../../policy/model/near-miss-text.ts';
import { nearestRule } from '../../policy/model/nearest.ts';
import type { NearMiss } from '../../policy/model/nearest.ts';
import { peerText, portText } from '../../policy/model/rules.ts';
import type { Direction } from '../../policy/model/rules.ts';
import { verdictText } from '../../policy/model/verdict-text.ts';
import type { World } from '../../policy/model/world.ts';

export type Explanation = {
  readonly connection: Connection;
  readonly decision: Decision;
  /** For each end that denies; undefined where no single change would do. */
  readonly nearest: Readonly<Record<Direction, NearMiss | undefined>>;
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

/** `denied: pod shop/web (10.1.0.1, node-1) -> pod shop/db (10.1.1.1, node-2) TCP 80`, and a line for each end. */
export const explanationText = ({ connection, decision, nearest }: Explanation): string => {
  const { source, destination, protocol, port } = connection;
  const from = partyText(decision.source, formatAddress(source));
  const to = partyText(decision.destination, formatAddress(destination));
  const what = port === undefined ? protocol : `${protocol} ${port}`;
  const lines = (['egress', 'ingress'] as const).flatMap((direction) => [
    `  ${direction.padEnd(8)} ${verdictText(decision[direction])}`,
    ...(nearest[direction] ? [`           ${nearMissText(nearest[direction])}`] : []),
  ]);
  return [`${decision.isAllowed ? 'allowed' : 'denied'}: ${from} -> ${to} ${what}`, ...lines].join('\n');
};

export const explanationObject = ({ connection, decision, nearest }: Explanation): object => ({
  allowed: decision.isAllowed,
  source: partyObject(decision.source, formatAddress(connection.source)),
  destination: partyObject(decision.destination, formatAddress(connection.destination)),
  protocol: connection.protocol,
  ...(connection.port !== undefined && { port: connection.port }),
  throughService: connection.isThroughService ?? false,
  egress: verdictObject(decision.egress, nearest.egress),
  ingress: verdictObject(decision.ingress, nearest.ingress),
});

const partyText = (party: Party, address: string): string => {
  switch (party.kind) {
    case 'pod':
      return `pod ${party.pod.namespace}/${party.pod.name} (${[address, party.pod.node].filter(Boolean).join(', ')})`;
    case 'node':
      return `node ${party.node.name} (${address})`;
    case 'outside':
      return `${address} (no pod)`;
  }
};

const partyObject = (party: Party, address: string): object => {
  switch (party.kind) {
    case 'pod': {
      const { namespace, name, node } = party.pod;
      return { kind: 'Pod', namespace, name, node: node ?? null, address };
    }
    case 'node':
      return { kind: 'Node', name: party.node.name, address };
    case 'outside':
      return { kind: 'Outside', address };
  }
};

const verdictObject = (verdict: Verdict, nearest: NearMiss | undefined): object => {
  const { reason, passed, isAllowed } = verdict;
  return {
    allowed: isAllowed,
    text: verdictText(verdict),
    ...(reason.kind === 'not judged' && { notJudged: reason.because }),
    ...(reason.kind === 'rule' && { rule: ruleObject(reason.match) }),
    ...(reason.kind === 'isolated' && { isolatedBy: reason.policies }),
    ...(passed.length > 0 && { passedBy: passed.map(ruleObject) }),
    ...(nearest && { nearest: nearestObject(nearest) }),
  };
};

const ruleObject = ({ policy, tier, rule, peer, port }: RuleMatch): object => ({
  policy,
  tier,
  index: rule.index,
  ...(rule.name && { name: rule.name }),
  action: rule.action,
  peer: peer === 'any' ? 'any' : peerText(peer),
  port: port === 'any' ? 'any' : portText(port),
});

const nearestObject = (nearest: NearMiss): object => ({
  text: nearMissText(nearest),
  policy: nearest.policy,
  ...(nearest.rule && { index: nearest.rule.index }),
  change: nearest.change.kind,
});
