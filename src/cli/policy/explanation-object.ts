// Explanations as objects for programs.
import { formatAddress } from '../../ip/address.ts';
import type { RuleMatch, Verdict } from '../../policy/model/evaluate.ts';
import type { Party } from '../../policy/model/match.ts';
import { nearMissText } from '../../policy/model/near-miss-text.ts';
import type { NearMiss } from '../../policy/model/nearest.ts';
import { peerText, portText } from '../../policy/model/rules.ts';
import { verdictText } from '../../policy/model/verdict-text.ts';
import { differences } from './compare.ts';
import type { Explanation } from './explanation.ts';
import type { KernelAnswer, TableAnswer } from './kernel-answer.ts';

export const explanationObject = (explanation: Explanation): object => {
  const { connection, decision, nearest, kernel } = explanation;
  return {
    allowed: decision.isAllowed,
    source: partyObject(decision.source, formatAddress(connection.source)),
    destination: partyObject(decision.destination, formatAddress(connection.destination)),
    protocol: connection.protocol,
    ...(connection.port !== undefined && { port: connection.port }),
    throughService: connection.isThroughService ?? false,
    egress: verdictObject(decision.egress, nearest.egress),
    ingress: verdictObject(decision.ingress, nearest.ingress),
    ...(kernel && { kernel: { ...kernelObject(kernel), differences: differences(explanation) } }),
  };
};

const kernelObject = ({ egress, ingress, probe }: KernelAnswer): object => ({
  ...(egress && { egress: tableObject(egress) }),
  ...(ingress && { ingress: tableObject(ingress) }),
  ...(probe && { probe }),
});

const tableObject = ({ node, isAllowed, mark }: TableAnswer): object => ({
  node,
  allowed: isAllowed,
  ...(!isAllowed && { mark }),
});

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
