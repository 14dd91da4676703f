// Pods keep their addresses inside of the cluster; what leaves it has the node's. Pods to Services never come here as
// such: the proxy has translated them before routing.
import type { Nft } from '../kernel/nft.ts';

export type MasqueradeOptions = {
  readonly nft: Pick<Nft, 'run'>;
  /** The cluster's. */
  readonly podCidrs: readonly string[];
  /** Where the nodes are: they see pods as they are. */
  readonly underlayCidrs: readonly string[];
};

const TABLE = 'podnet-masquerade';

/** Installs the node's outbound table in one transaction, in place of the one that is there. */
export const installMasquerade = ({ nft, ...cidrs }: MasqueradeOptions): void =>
  nft.run(masqueradeRules(cidrs));

/** The table in nft's language: a rule for each family that has pods. */
export const masqueradeRules = ({
  podCidrs,
  underlayCidrs,
}: Pick<MasqueradeOptions, 'podCidrs' | 'underlayCidrs'>): string => `
add table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
  chain postrouting {
    type nat hook postrouting priority srcnat + 10; policy accept;
${(['ip', 'ip6'] as const)
  .map((family) => ruleOf(family, podCidrs.filter(isOf(family)), underlayCidrs.filter(isOf(family))))
  .join('')}  }
}
`;

/** Multicast is for the link: it has no business outside, nor a NAT. */
const MULTICAST = { ip: '224.0.0.0/4', ip6: 'ff00::/8' } as const;

const ruleOf = (family: 'ip' | 'ip6', pods: readonly string[], nodes: readonly string[]): string =>
  pods.length === 0
    ? ''
    : `    ${family} saddr ${setOf(pods)} ${family} daddr != ${setOf([...pods, ...nodes, MULTICAST[family]])} masquerade\n`;

const setOf = (cidrs: readonly string[]): string => `{ ${cidrs.join(', ')} }`;

const isOf =
  (family: 'ip' | 'ip6') =>
  (cidr: string): boolean =>
    cidr.includes(':') === (family === 'ip6');
