// The tables: one for each family, with the same objects. No object belongs to a single Service, endpoint or client.
//
//   prerouting, output (first packet of a connection)
//     └─ dispatch ─┬─ limited-services, source-ranges ─► drop
//                  ├─ outside-services ─┬─► shapes ─► pick-N, sticky-N-SECONDS, ... ─► slots ─► id ─► endpoints ─► dnat
//                  ├─ services ─────────┤         ├─► rejected, left-alone
//                  ├─ cluster-ips ──────┘         └─► drop
//                  └─ service-cidrs ─► drop
//   forward: a TCP packet that belongs to no connection ─► drop
//   postrouting: the id's masquerade bits, hairpins ─► masquerade
//
// First the shape and then the id is the connection's ct mark: unlike the packet's mark it takes no part in routing,
// needs no clearing, and shows in `conntrack -L` which endpoint a connection went to.
// Linux >= 5.9 for reject in prerouting (nft_reject.c), nft >= 1.0.1 for maps whose value is an address with a port.
import type { Family } from '../ip/address.ts';
import { MASQUERADE_MASK, masqueradeCode } from './endpoint-ids.ts';
import { PLAIN_SHAPES, chainName, shapeCode, shapeVerdict } from './shape.ts';
import type { BalanceShape, Shape } from './shape.ts';

export const TABLE = 'podnet-services';

/** nft's word for the family, in tables and in matches. */
export const familyWord = (family: Family): 'ip' | 'ip6' => (family === 4 ? 'ip' : 'ip6');

export const tableName = (family: Family): string => `${familyWord(family)} ${TABLE}`;

/** Slots of `outside-services` begin here: the same address and port may have other endpoints there. */
export const OUTSIDE_SLOT = 32_768;

export type TableSite = {
  readonly podCidrs: readonly string[];
  /** None within another: sets of intervals do not take that. */
  readonly serviceCidrs: readonly string[];
};

/**
 * Clients remembered at once; when the map is full, new ones are balanced without affinity. The kernel makes a table of
 * that size at once (1 MB) and looks through it every second: so the map is made with the first chain that needs it.
 */
const AFFINITY = 'size 65536; flags dynamic,timeout';

/** Makes or completes the table; maps keep their elements, base chains get their rules anew. One transaction. */
export const tableCommands = (family: Family, site: TableSite): string => {
  const ip = familyWord(family);
  const table = tableName(family);
  const lines = [
    `add table ${table}`,
    ...maps(family).map((text) => `add ${text.replace('TABLE', table)}`),
    ...chains(ip).flatMap(({ name, head, rules }) => [
      `add chain ${table} ${name}${head ? ` { ${head}; }` : ''}`,
      `flush chain ${table} ${name}`,
      ...rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    ]),
    ...PLAIN_SHAPES.map((shape) => shapeCommand(family, shape)),
    ...cidrCommands(family, 'pod-cidrs', site.podCidrs),
    ...serviceCidrCommands(family, site.serviceCidrs),
  ];
  return lines.join('\n');
};

/** A transaction that takes the table away, also where there is none. */
export const removeTableCommands = (family: Family): string =>
  `add table ${tableName(family)}\ndelete table ${tableName(family)}`;

/** Has the set of Services' ranges hold these of the family, and no others. */
export const serviceCidrCommands = (family: Family, cidrs: readonly string[]): readonly string[] =>
  cidrCommands(family, 'service-cidrs', cidrs);

const cidrCommands = (family: Family, set: string, cidrs: readonly string[]): string[] => {
  const own = cidrs.filter((cidr) => cidr.includes(':') === (family === 6));
  const name = `${tableName(family)} ${set}`;
  return [`flush set ${name}`, ...(own.length > 0 ? [`add element ${name} { ${own.join(', ')} }`] : [])];
};

const maps = (family: Family): string[] => {
  const ip = familyWord(family);
  const front = `meta l4proto . ${ip} daddr . th dport`;
  return [
    `map TABLE services { typeof ${front} : ct mark; }`,
    `map TABLE outside-services { typeof ${front} : ct mark; }`,
    `map TABLE cluster-ips { typeof ${ip} daddr : ct mark; }`,
    'map TABLE shapes { typeof ct mark : verdict; }',
    `map TABLE slots { typeof ${front} . numgen random mod 65536 : ct mark; }`,
    `map TABLE endpoints { type mark : ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'} . inet_service; }`,
    `set TABLE hairpins { typeof ct mark . ${ip} saddr; }`,
    `set TABLE sticky-endpoints { typeof ct mark . ${front}; }`,
    `set TABLE limited-services { typeof ${front}; }`,
    `set TABLE source-ranges { typeof ${front} . ${ip} saddr; flags interval; }`,
    `set TABLE pod-cidrs { typeof ${ip} saddr; flags interval; }`,
    `set TABLE service-cidrs { typeof ${ip} daddr; flags interval; }`,
  ];
};

/**
 * The affinity map's key: client, protocol, address, port. Two IPv6 addresses do not fit: nft 1.0.6 aborts on a key of
 * more than 16 bytes where a rule updates a map (netlink_linearize.c gives it one register). There it is 64 bits of
 * hash, and clients that share them share an endpoint: harmless, since the look-up in `sticky-endpoints` keeps a
 * connection to the endpoints of its own entry.
 */
const affinity = (family: Family): { readonly type: string; readonly key: string } => {
  const ip = familyWord(family);
  const fields = `${ip} saddr . meta l4proto . ${ip} daddr . th dport`;
  if (family === 4) return { type: fields, key: fields };
  const hash = (seed: number): string => `jhash ${fields} mod 4294967295 seed ${seed}`;
  return { type: 'numgen random mod 65536 . numgen random mod 65536', key: `${hash(1)} . ${hash(2)}` };
};

type Chain = { readonly name: string; readonly head?: string; readonly rules: readonly string[] };

const chains = (ip: 'ip' | 'ip6'): Chain[] => {
  const unreachable = ip === 'ip' ? 'icmp port-unreachable' : 'icmpv6 port-unreachable';
  const front = `meta l4proto . ${ip} daddr . th dport`;
  return [
    { name: 'rejected', rules: ['meta l4proto tcp reject with tcp reset', `reject with ${unreachable}`] },
    { name: 'left-alone', rules: ['ct mark set 0'] },
    { name: 'act', rules: ['ct mark vmap @shapes'] },
    {
      name: 'dispatch',
      rules: [
        `${front} @limited-services ${front} . ${ip} saddr != @source-ranges drop`,
        `${ip} saddr != @pod-cidrs fib saddr type != local ct mark set ${front} map @outside-services goto act`,
        `ct mark set ${front} map @services goto act`,
        `ct mark set ${ip} daddr map @cluster-ips goto act`,
        `${ip} daddr @service-cidrs drop`,
      ],
    },
    { name: 'masquerade-all', rules: ['masquerade fully-random'] },
    { name: 'masquerade-outsiders', rules: [`${ip} saddr != @pod-cidrs masquerade fully-random`] },
    { name: 'prerouting', head: 'type nat hook prerouting priority -100', rules: ['goto dispatch'] },
    { name: 'output', head: 'type nat hook output priority -100', rules: ['goto dispatch'] },
    {
      // What is out of its connection's window is not translated back: its receiver, which knows no such peer, would
      // answer with a reset and end the connection (kubernetes/kubernetes 74839). Connections that are not translated
      // lose nothing by it: ports used again after either end closed first, resets, half-open ends, with and without
      // timestamps, 4,000 connections of each kind: not one packet was invalid (Linux 6.18).
      name: 'forward',
      head: 'type filter hook forward priority 0',
      rules: ['ct state invalid meta l4proto tcp counter drop'],
    },
    {
      name: 'postrouting',
      head: 'type nat hook postrouting priority 100',
      rules: [
        'ct status & dnat == 0 return',
        `ct mark . ${ip} saddr @hairpins masquerade fully-random`,
        `ct mark & ${MASQUERADE_MASK} vmap { ${masqueradeCode('all')} : goto masquerade-all, ` +
          `${masqueradeCode('outsiders')} : goto masquerade-outsiders }`,
      ],
    },
  ];
};

/** Makes the chain, or gives it its rules anew. */
export const chainCommands = (family: Family, shape: BalanceShape): readonly string[] => {
  const name = `${tableName(family)} ${chainName(shape)}`;
  return [
    ...(shape.stickySeconds === undefined ? [] : [affinityCommand(family)]),
    `add chain ${name}`,
    `flush chain ${name}`,
    ...chainRules(family, shape).map((rule) => `add rule ${name} ${rule}`),
    shapeCommand(family, shape),
  ];
};

/** Takes away what chainCommands makes, apart from the affinity map. */
export const removeChainCommands = (family: Family, shape: BalanceShape): readonly string[] => [
  `delete element ${tableName(family)} shapes { ${shapeCode(shape)} }`,
  `flush chain ${tableName(family)} ${chainName(shape)}`,
  `delete chain ${tableName(family)} ${chainName(shape)}`,
];

const shapeCommand = (family: Family, shape: Shape): string =>
  `add element ${tableName(family)} shapes { ${shapeCode(shape)} : ${shapeVerdict(shape)} }`;

const affinityCommand = (family: Family): string =>
  `add map ${tableName(family)} affinity { typeof ${affinity(family).type} : ct mark; ${AFFINITY}; }`;

/**
 * A new client's endpoint follows from its address, not from chance: so all addresses of the Service's port, each with an
 * affinity of its own, bind it to the same one, and so do all nodes.
 */
export const CLIENT_SEED = 3;

const chainRules = (family: Family, { count, isOutside, stickySeconds }: BalanceShape): string[] => {
  const ip = familyWord(family);
  const front = `meta l4proto . ${ip} daddr . th dport`;
  const offset = isOutside ? ` offset ${OUTSIDE_SLOT}` : '';
  const pickBy = (number: string): string => `ct mark set ${front} . ${number}${offset} map @slots`;
  const translate = `meta l4proto { tcp, udp, sctp } dnat ${ip} to ct mark map @endpoints`;
  // Each look-up sees the maps of its moment (linux nf_tables.h, nft_genmask_cur): a packet that had the shape of one
  // transaction finds no slot or endpoint of the next that has fewer. The first slot is there as long as there is any.
  const again = pickBy('numgen random mod 1');
  if (stickySeconds === undefined)
    return [pickBy(`numgen random mod ${count}`), translate, again, translate, 'goto rejected'];
  const { key } = affinity(family);
  const remember = `update @affinity { ${key} timeout ${stickySeconds}s : ct mark }`;
  // An update does not change the value of an element that is there (linux nft_set_hash.c): a dead one is deleted first.
  return [
    `ct mark set ${key} map @affinity`,
    `ct mark . ${front} @sticky-endpoints ${remember}`,
    `ct mark . ${front} @sticky-endpoints ${translate}`,
    `delete @affinity { ${key} : ct mark }`,
    pickBy(`jhash ${ip} saddr mod ${count} seed ${CLIENT_SEED}`),
    remember,
    translate,
    again,
    translate,
    'goto rejected',
  ];
};
