// The table. No object belongs to a single policy, pod or peer: they are elements of shared maps.
//
//   prerouting (every packet)
//     └─ sources: from a pod's wire with an address that does not lead back there ─► drop
//   forward (first packet of a connection, after a Service's DNAT and before any SNAT)
//     ├─ unknown  the middle of a TCP connection of a pod in any of the four maps below ─► reset
//     ├─ egress   source      ─► egress4, egress6   ─► class ┐ peer: destination ─► networks, peers, resolved ─► peer id
//     └─ ingress  destination ─► ingress4, ingress6 ─► class ┘ peer: source      ─► networks, peers           ─► peer id
//          class . peer id ─► rows ─► table; table . protocol . port ─► ports, ranges; table ─► others: 0 is allowed
//
// A pod that no policy selects is in no map: its packets pass two look-ups. What a node and its own pods say to each other
// never comes to `forward`. The packet's mark (class, then table, then verdict) and priority (peer id) are scratch, of a
// connection's first packet only, and 0 afterwards: unlike the connection's mark they are nobody's on the way through here.
// The maps hold what nft 1.0.6 takes and lists; a value of 0 in `ports`, `ranges` and `others` is allowed, any other denied.
import { familyOf } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import type { MapName } from '../compile/elements.ts';

export const FAMILY = 'inet';
export const TABLE_NAME = 'podnet-policies';
export const TABLE = `${FAMILY} ${TABLE_NAME}`;

/**
 * nfnetlink_log's group that gets the first packet of each connection, at most so many a second: of a denied one the mark
 * is the table that denied it and the prefix the direction.
 */
export const LOG_GROUP = 112;
export const ALLOWED_PREFIX = 'allowed';
/** Packets that were not logged, since there were too many. */
export const UNLOGGED = 'unlogged';

/** What an agent reads with some hundredths of a processor (docs/decisions/0020). */
const ALLOWED_PER_SECOND = 1000;
const DENIED_PER_SECOND = 200;

const logged = (prefix: string, perSecond: number): string =>
  `limit rate ${perSecond}/second burst ${perSecond} packets log prefix "${prefix}" group ${LOG_GROUP}`;

export type TableSite = {
  /** The cluster DNS: it is the node itself, which is always reached, and another node when this one's agent is dead. */
  readonly dnsAddresses: readonly string[];
};

/** Makes or completes the table; maps keep their elements, chains get their rules anew. The lines of a transaction. */
export const tableCommands = (site: TableSite): readonly string[] => [
  `add table ${TABLE}`,
  `add counter ${TABLE} ${UNLOGGED}`,
  ...Object.entries(MAP_TYPES).map(([name, type]) => `add map ${TABLE} ${name} { ${type}; }`),
  ...chains(site).flatMap(({ name, head }) => [
    `add chain ${TABLE} ${name}${head ? ` { ${head}; policy accept; }` : ''}`,
    `flush chain ${TABLE} ${name}`,
  ]),
  ...chains(site).flatMap(({ name, rules }) => rules.map((rule) => `add rule ${TABLE} ${name} ${rule}`)),
];

/** Lets no new connection through until the chains get their rules. The lines of a transaction. */
export const closingCommands = (): readonly string[] => [
  `flush chain ${TABLE} forward`,
  `add rule ${TABLE} forward ${ESTABLISHED}`,
  `add rule ${TABLE} forward drop`,
];

/** Takes the table away, also where there is none. The lines of a transaction. */
export const removeTableCommands = (): readonly string[] => [`add table ${TABLE}`, `delete table ${TABLE}`];

/** The names of the chains. */
export const chainNames = (): readonly string[] => chains({ dnsAddresses: [] }).map(({ name }) => name);

/** An address's map is of one family; what of a packet is looked up in it does not matter to its type. */
const CLASSES = (ip: 'ip' | 'ip6') => `typeof ${ip} saddr : meta mark`;
const PEERS = (ip: 'ip' | 'ip6') => `typeof ${ip} saddr : meta priority`;
const PORTS = 'typeof meta mark . meta l4proto . th dport : meta mark';

const MAP_TYPES: Readonly<Record<MapName, string>> = {
  egress4: CLASSES('ip'),
  egress6: CLASSES('ip6'),
  ingress4: CLASSES('ip'),
  ingress6: CLASSES('ip6'),
  peers4: PEERS('ip'),
  peers6: PEERS('ip6'),
  networks4: `${PEERS('ip')}; flags interval`,
  networks6: `${PEERS('ip6')}; flags interval`,
  resolved4: `${PEERS('ip')}; flags timeout`,
  resolved6: `${PEERS('ip6')}; flags timeout`,
  rows: 'typeof meta mark . meta priority : meta mark',
  ports: PORTS,
  ranges: `${PORTS}; flags interval`,
  others: 'typeof meta mark : meta mark',
};

const ESTABLISHED = 'ct state established,related accept';

type Chain = { readonly name: string; readonly head?: string; readonly rules: readonly string[] };

const chains = (site: TableSite): readonly Chain[] => [
  SOURCES,
  { name: 'refused', rules: ['counter reject with tcp reset'] },
  { name: 'unknown', rules: unknownRules() },
  ...directionChains('egress', dnsRules(site)),
  ...directionChains('ingress', []),
  {
    name: 'forward',
    head: 'type filter hook forward priority filter',
    rules: [
      ESTABLISHED,
      'meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn jump unknown',
      'jump egress',
      'jump ingress',
      `${logged(ALLOWED_PREFIX, ALLOWED_PER_SECOND)} accept`,
      `counter name ${UNLOGGED}`,
    ],
  },
];

/**
 * The middle of a TCP connection that conntrack does not know, of a pod that has policies: one that was cut. It must not
 * become a new one, in whichever direction the next packet goes; a reset ends it at both ends.
 */
const unknownRules = (): readonly string[] =>
  FAMILIES.flatMap(([family, ip]) =>
    (['saddr', 'daddr'] as const).flatMap((end) =>
      (['egress', 'ingress'] as const).map(
        (direction) => `meta mark set ${ip} ${end} map @${direction}${family} goto refused`,
      ),
    ),
  );

/**
 * A pod's addresses lead to its wire, so a packet from there whose source leads elsewhere is not its own (RFC 2827). Link-local
 * traffic ends on the wire: nobody forwards it.
 */
const SOURCES: Chain = {
  name: 'sources',
  head: 'type filter hook prerouting priority raw',
  rules: [
    'iifname != "veth*" return',
    'ip6 saddr { ::, fe80::/10 } ip6 daddr { fe80::/10, ff00::/8 } return',
    'fib saddr . iif oif 0 counter drop',
  ],
};

const FAMILIES = [
  [4, 'ip'],
  [6, 'ip6'],
] as const satisfies readonly (readonly [Family, string])[];

const dnsRules = ({ dnsAddresses }: TableSite): readonly string[] =>
  FAMILIES.flatMap(([family, ip]) => {
    const own = dnsAddresses.filter((address) => familyOf(address) === family);
    const dns = `ct original ${ip} daddr { ${own.join(', ')} } meta l4proto { tcp, udp } th dport 53`;
    return own.length > 0 ? [`${dns} return`] : [];
  });

/**
 * `return` at the end of a chain that `forward` jumped into ends the direction, never the hook: `accept` would leave out
 * the other end's ingress.
 */
const directionChains = (direction: 'egress' | 'ingress', exempt: readonly string[]): readonly Chain[] => {
  const [subject, peer] = direction === 'egress' ? ['saddr', 'daddr'] : ['daddr', 'saddr'];
  const [decide, verdict, denied] = ['class', 'verdict', 'denied'].map((name) => `${direction}-${name}`);
  const peerMaps =
    direction === 'egress' ? (['networks', 'peers', 'resolved'] as const) : (['networks', 'peers'] as const);
  return [
    {
      name: denied!,
      rules: ['counter', `${logged(direction, DENIED_PER_SECOND)} drop`, `counter name ${UNLOGGED} drop`],
    },
    { name: verdict!, rules: ['meta mark 0 meta priority set 0 return', `goto ${denied}`] },
    {
      name: decide!,
      rules: [
        'meta priority set 0',
        ...peerMaps.flatMap((map) =>
          FAMILIES.map(([family, ip]) => `meta priority set ${ip} ${peer} map @${map}${family}`),
        ),
        'meta mark set meta mark . meta priority map @rows',
        `meta mark set meta mark . meta l4proto . th dport map @ports goto ${verdict}`,
        `meta mark set meta mark . meta l4proto . th dport map @ranges goto ${verdict}`,
        `meta mark set meta mark map @others goto ${verdict}`,
        `goto ${denied}`,
      ],
    },
    {
      name: direction,
      rules: [
        ...exempt,
        ...FAMILIES.map(
          ([family, ip]) => `meta mark set ${ip} ${subject} map @${direction}${family} goto ${decide}`,
        ),
      ],
    },
  ];
};
