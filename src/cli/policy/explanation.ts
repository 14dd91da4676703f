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

/**
 * `denied: pod shop/web (10.1.0.1, node-1) -> pod shop/db (10.1.1.1, node-2) TCP 80`, and a line for each end. What
 * differs in nothing but the addresses is told once.
 */
export const explanationsText = (explanations: readonly Explanation[]): string =>
  [...Map.groupBy(explanations, (each) => [headText([each], false), ...endLines(each)].join('\n')).values()]
    .map((alike) => [headText(alike, true), ...endLines(alike[0]!)].join('\n'))
    .join('\n');

const headText = (alike: readonly Explanation[], hasAddresses: boolean): string => {
  const [{ decision, connection }] = alike as readonly [Explanation];
  const addresses = (end: 'source' | 'destination'): readonly string[] => [
    ...new Set(alike.map((each) => formatAddress(each.connection[end]))),
  ];
  const nameOf = (end: 'source' | 'destination'): string =>
    partyText(decision[end], hasAddresses ? addresses(end) : []);
  const { protocol, port } = connection;
  const what = port === undefined ? protocol : `${protocol} ${port}`;
  return `${decision.isAllowed ? 'allowed' : 'denied'}: ${nameOf('source')} -> ${nameOf('destination')} ${what}`;
};

const endLines = ({ decision, nearest }: Explanation): readonly string[] =>
  (['egress', 'ingress'] as const).flatMap((direction) => [
    `  ${direction.padEnd(8)} ${verdictText(decision[direction])}`,
    ...(nearest[direction] ? [`           ${nearMissText(nearest[direction])}`] : []),
  ]);

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

const partyText = (party: Party, addresses: readonly string[]): string => {
  const facts = [...addresses, ...(party.kind === 'pod' && party.pod.node ? [party.pod.node] : [])].join(
    ', ',
  );
  switch (party.kind) {
    case 'pod':
      return `pod ${party.pod.namespace}/${party.pod.name} (${facts})`;
    case 'node':
      return `node ${party.node.name} (${facts})`;
    case 'outside':
      return `${facts} (no pod)`;
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
