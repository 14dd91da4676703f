// A near miss as a sentence.
import { formatPrefix } from '../../ip/prefix.ts';
import type { LabelChange } from './lacking-labels.ts';
import type { Change, NearMiss } from './nearest.ts';
import { policyKeyText } from './rules.ts';

/** `rule 2 of NetworkPolicy shop/web would allow it if the port were 8443`. */
export const nearMissText = ({ policy, rule, change }: NearMiss): string =>
  rule
    ? `rule ${rule.index + 1} of ${policyKeyText(policy)} would allow it if ${conditionText(change)}`
    : `${policyKeyText(policy)} has no rule for ${directionText(change)}; it would be allowed if ${conditionText(change)}`;

const directionText = (change: Change): string => (change.kind === 'direction' ? change.direction : '');

const conditionText = (change: Change): string => {
  switch (change.kind) {
    case 'port':
      return `the port were ${change.from === change.to ? change.from : `in ${change.from}-${change.to}`}`;
    case 'protocol':
      return `the protocol were ${change.protocol}`;
    case 'port name':
      return `${change.pod} had this port under the name ${change.name}`;
    case 'except':
      return `${formatPrefix(change.prefix)} were not excepted`;
    case 'pod label':
      return `pod ${change.of} had ${labelText(change.label)}`;
    case 'namespace label':
      return `namespace ${change.of} had ${labelText(change.label)}`;
    case 'node label':
      return `node ${change.of} had ${labelText(change.label)}`;
    case 'namespace':
      return `pod ${change.pod} were in namespace ${change.namespace}`;
    case 'network':
      return `the address were in ${formatPrefix(change.cidr)}`;
    case 'direction':
      return `the policy did not list ${change.direction === 'ingress' ? 'Ingress' : 'Egress'} in its policyTypes`;
  }
};

const labelText = ({ key, values, isAbsent }: LabelChange): string => {
  if (isAbsent) return `no label ${key}`;
  if (values.length === 0) return `a label ${key}`;
  return `the label ${key}=${values.join('|')}`;
};
