// How queries reach a server, as a table of nftables. Pure.
//
//   pod ──► prerouting ─┬─ a socket of ours is there: outside of conntrack, to it
//                       └─ none (the agent is dead): to another node's agent, by NAT
//
// The kernel looks for the socket with each packet, so nobody has to notice that the agent died. `socket transparent 0` is
// true of every socket that is there, also of a half-open connection, which `socket wildcard` does not know (linux
// nft_socket.c, >= 4.20). The node's own programs are not sent elsewhere: what they send to a local address has no other way.
import type { Family } from '../../ip/address.ts';
import { familyOf } from '../../ip/address.ts';

export type Delivery = {
  /** Of the cluster DNS. */
  readonly serviceAddresses: readonly string[];
  /** Addresses of the other nodes that answer. */
  readonly others: readonly string[];
};

const TABLE = 'inet podnet-dns';
const FAMILIES = [
  { family: 4, word: 'ip' },
  { family: 6, word: 'ip6' },
] as const;
const DNS = 'meta l4proto { tcp, udp } th';

/** Replaces the table that is there in one transaction. */
export const deliveryCommands = (delivery: Delivery): string => `
add table ${TABLE}
delete table ${TABLE}
table ${TABLE} {
  chain here {
    type filter hook prerouting priority raw; policy accept;
${indented(perFamily(delivery.serviceAddresses, (word, own) => `${word} daddr ${own} ${DNS} dport 53 socket transparent 0 notrack`))}
  }
  chain answers {
    type filter hook output priority raw; policy accept;
${indented([
  ...perFamily(delivery.serviceAddresses, (word, own) => `${word} saddr ${own} ${DNS} sport 53 notrack`),
  ...perFamily(delivery.serviceAddresses, (word, own) => `${word} daddr ${own} ${DNS} dport 53 notrack`),
])}
  }
  chain elsewhere {
    type nat hook prerouting priority dstnat - 10; policy accept;
${indented(elsewhere(delivery))}
  }
}
`;

const elsewhere = ({ serviceAddresses, others }: Delivery): readonly string[] =>
  perFamily(serviceAddresses, (word, service, family) => {
    const there = others.filter((address) => familyOf(address) === family);
    if (there.length === 0) return undefined;
    const choice = there.map((address, index) => `${index} : ${address}`).join(', ');
    return `${word} daddr ${service} ${DNS} dport 53 dnat ${word} to numgen random mod ${there.length} map { ${choice} }`;
  });

type Rule = (word: string, set: string, family: Family) => string | undefined;

const perFamily = (addresses: readonly string[], rule: Rule): readonly string[] =>
  FAMILIES.flatMap(({ family, word }) => {
    const own = addresses.filter((address) => familyOf(address) === family);
    return own.length > 0
      ? [rule(word, `{ ${own.join(', ')} }`, family)].filter((text) => text !== undefined)
      : [];
  });

const indented = (rules: readonly string[]): string => rules.map((rule) => `    ${rule}`).join('\n');
