// The tables: one for each family, made when the first pod asks for a host port.
//
//   prerouting, output (first packet of a connection, after the Services')
//     └─ dispatch ─┬─ addressed: protocol . address . port ─► dnat
//                  └─ ports: protocol . port, any address of the node but Services' ─► dnat
//   postrouting: a pod that reaches itself, the node by localhost ─► masquerade
//
// A pod's answer to a client of 127.0.0.1 comes back through its wire, which therefore has route_localnet; `martians`
// keeps that from opening the node's localhost to pods (CVE-2020-8558).
import { familyOf } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import { elementCommands } from '../../kernel/nft-element-text.ts';
import type { ElementChange } from './diff.ts';

const TABLE = 'podnet-host-ports';

const familyWord = (family: Family): 'ip' | 'ip6' => (family === 4 ? 'ip' : 'ip6');

export const tableName = (family: Family): string => `${familyWord(family)} ${TABLE}`;

export type HostPortSite = {
  /** Services' addresses that the node has on its lo, the cluster DNS's: no host port is there. */
  readonly serviceAddresses: readonly string[];
};

/** Makes the table, in the place of one that is there. */
export const tableCommands = (family: Family, site: HostPortSite): string => {
  const table = tableName(family);
  return [
    removeTableCommands(family),
    `add table ${table}`,
    ...maps(family).map((text) => `add ${text.replace('TABLE', table)}`),
    ...chains(family, site).flatMap(({ name, head, rules }) => [
      `add chain ${table} ${name}${head ? ` { ${head}; }` : ''}`,
      ...rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    ]),
  ].join('\n');
};

/** A transaction that takes the table away, also where there is none. */
export const removeTableCommands = (family: Family): string =>
  `add table ${tableName(family)}\ndelete table ${tableName(family)}`;

const maps = (family: Family): string[] => {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [
    `map TABLE ports { type inet_proto . inet_service : ${address} . inet_service; }`,
    `map TABLE addressed { type inet_proto . ${address} . inet_service : ${address} . inet_service; }`,
    `set TABLE hairpins { type ${address} . ${address}; }`,
  ];
};

type Chain = { readonly name: string; readonly head?: string; readonly rules: readonly string[] };

const chains = (family: Family, { serviceAddresses }: HostPortSite): readonly Chain[] => {
  const ip = familyWord(family);
  const own = serviceAddresses.filter((address) => familyOf(address) === family);
  const dnat = `meta l4proto { tcp, udp, sctp } dnat ${ip} to meta l4proto`;
  return [
    {
      name: 'dispatch',
      rules: [
        `${dnat} . ${ip} daddr . th dport map @addressed`,
        ...(own.length > 0 ? [`${ip} daddr { ${own.join(', ')} } return`] : []),
        `fib daddr type local ${dnat} . th dport map @ports`,
      ],
    },
    { name: 'prerouting', head: 'type nat hook prerouting priority -90', rules: ['goto dispatch'] },
    { name: 'output', head: 'type nat hook output priority -90', rules: ['goto dispatch'] },
    {
      name: 'postrouting',
      head: 'type nat hook postrouting priority 90',
      rules: [
        `${ip} saddr . ${ip} daddr @hairpins masquerade fully-random`,
        ...(family === 4 ? ['ip saddr 127.0.0.0/8 ct status dnat masquerade fully-random'] : []),
      ],
    },
    ...(family === 4 ? [MARTIANS] : []),
  ];
};

const MARTIANS: Chain = {
  name: 'martians',
  head: 'type filter hook prerouting priority -300',
  rules: ['iifname != "lo" ip daddr 127.0.0.0/8 drop'],
};

/** The lines of a transaction. */
export const changeCommands = (changes: readonly ElementChange[]): string =>
  elementCommands(
    changes.map(({ verb, family, map, element }) => ({ verb, set: `${tableName(family)} ${map}`, element })),
  ).join('\n');
