// Explanations as lines for people.
import { formatAddress } from '../../ip/address.ts';
import type { Party } from '../../policy/model/match.ts';
import { nearMissText } from '../../policy/model/near-miss-text.ts';
import { verdictText } from '../../policy/model/verdict-text.ts';
import { differences, kernelText } from './compare.ts';
import type { Explanation } from './explanation.ts';

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

const endLines = (explanation: Explanation): readonly string[] => {
  const { decision, nearest } = explanation;
  const ends = (['egress', 'ingress'] as const).flatMap((direction) => [
    `  ${direction.padEnd(8)} ${verdictText(decision[direction])}`,
    ...(nearest[direction] ? [`           ${nearMissText(nearest[direction])}`] : []),
  ]);
  return [...ends, ...kernelLines(explanation)];
};

const kernelLines = (explanation: Explanation): readonly string[] => {
  if (!explanation.kernel) return [];
  const isSame = differences(explanation).length === 0;
  return [`  kernel   ${isSame ? 'agrees' : 'DIFFERS FROM THE POLICIES'}: ${kernelText(explanation)}`];
};

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
