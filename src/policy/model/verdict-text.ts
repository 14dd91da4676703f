// A verdict as words.
import type { Reason, RuleMatch, Verdict } from './evaluate.ts';
import { peerText, policyKeyText, portText } from './rules.ts';

/** `allowed by rule 1 of NetworkPolicy shop/web (pods app=client in namespace shop, TCP 80)`. */
export const verdictText = ({ isAllowed, reason, passed }: Verdict): string => {
  const way = passed.map((match) => `, after ${ruleText(match)} passed it on`).join('');
  return `${isAllowed ? 'allowed' : 'denied'}${reasonText(reason)}${way}`;
};

const reasonText = (reason: Reason): string => {
  switch (reason.kind) {
    case 'rule':
      return ` by ${ruleText(reason.match)} ${clausesText(reason.match)}`;
    case 'isolated':
      return `: isolated by ${reason.policies.map(policyKeyText).join(', ')}, and no rule allows it`;
    case 'no policy':
      return ': no policy says otherwise';
    case 'not judged':
      return `: ${NOT_JUDGED[reason.because]}`;
  }
};

const NOT_JUDGED = {
  'no pod': 'not a pod of the pod network, policies do not look at it',
  'own node': 'policies do not look at what is between a pod and its own node',
  itself: 'a pod reaches its own address without any network',
} as const;

/** `rule 2 (allow-web) of ClusterNetworkPolicy base, tier Admin`. */
const ruleText = ({ policy, rule, tier }: RuleMatch): string => {
  const name = rule.name ? ` (${rule.name})` : '';
  const where = tier === 'NetworkPolicy' ? '' : `, tier ${tier}`;
  return `rule ${rule.index + 1}${name} of ${policyKeyText(policy)}${where}`;
};

const clausesText = ({ peer, port }: RuleMatch): string =>
  `(${peer === 'any' ? 'anyone' : peerText(peer)}, ${port === 'any' ? 'any port' : portText(port)})`;
