// Random worlds, policies and connections, small enough that rules often match: names, labels, ports and addresses are few.
import fc from 'fast-check';
import { parseAddress } from '../../src/ip/address.ts';
import { parsePrefix } from '../../src/ip/prefix.ts';
import type { NetworkPolicySpec } from '../../src/k8s/generated/types.ts';
import type { Connection } from '../../src/policy/model/evaluate.ts';
import type { Action, Peer, PolicyRules, PortMatch } from '../../src/policy/model/rules.ts';
import { selectorOf } from '../../src/policy/model/selector.ts';
import type { World } from '../../src/policy/model/world.ts';
import { policy, worldOf } from './policy-world.ts';

const NAMESPACES = ['a', 'b'];
const NODES = { 'node-1': 'pool=x 172.30.0.1 fd02::1', 'node-2': 'pool=y 172.30.0.2 fd02::2' };
const DOMAINS = { 'example.com': ['192.0.2.1', '2001:db8::1'] };
const CIDRS = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.1.0.0/30',
  '10.1.0.2/31',
  '172.30.0.0/24',
  '192.0.2.0/25',
  '::/0',
  'fd01::/126',
  'fd01::2/127',
];
const OUTSIDE = [
  '192.0.2.1',
  '192.0.2.200',
  '2001:db8::1',
  '2001:db8::2',
  '172.30.0.1',
  '172.30.0.2',
  'fd02::2',
];
const PORTS = [1, 79, 80, 81, 90, 443, 65_535];

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const word = anyOf(['x', 'y']);
const protocol = anyOf(['TCP', 'UDP', 'SCTP'] as const);
const portName = anyOf(['http', 'dns']);

const podText = fc
  .tuple(
    anyOf(['1', '2']),
    word,
    maybe(word),
    fc.array(fc.tuple(portName, anyOf(PORTS), protocol), { maxLength: 2 }),
  )
  .map(([node, app, tier, ports]) =>
    [
      `@node-${node} app=${app}`,
      ...(tier ? [`tier=${tier}`] : []),
      ...ports.map(([name, port, of]) => `${name}:${port}/${of}`),
    ].join(' '),
  );

const requirement = fc.oneof(
  fc.record({
    key: anyOf(['app', 'tier']),
    operator: anyOf(['In', 'NotIn']),
    values: fc.array(word, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: anyOf(['app', 'tier']), operator: anyOf(['Exists', 'DoesNotExist']) }),
);
const podSelector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.record({ app: word }) }),
  fc.record({ matchExpressions: fc.array(requirement, { maxLength: 2 }) }),
);
const namespaceSelector = fc.oneof(
  fc.constant({}),
  word.map((team) => ({ matchLabels: { team } })),
);

const ipBlock = anyOf(CIDRS).chain((cidr) => {
  const inner = CIDRS.filter(
    (text) => parsePrefix(text)!.family === parsePrefix(cidr)!.family && text !== cidr,
  );
  return fc.subarray(inner, { maxLength: 2 }).map((except) => ({ ipBlock: { cidr, except } }));
});
const peer = fc.oneof(
  ipBlock,
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
);
const port = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: anyOf(PORTS) }),
  fc.record({ protocol, port: portName }),
  fc.constant({ protocol: 'TCP', port: 80, endPort: 90 }),
);
const ports = fc.array(port, { maxLength: 2 });
const peers = fc.array(peer, { maxLength: 2 });
const listOf = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });

export const ingressRule = fc.record({ ports, from: peers });
export const egressRule = fc.record({ ports, to: peers });

export const policySpec: fc.Arbitrary<NetworkPolicySpec> = fc.record({
  podSelector,
  policyTypes: fc.subarray(['Ingress', 'Egress']),
  ingress: listOf(ingressRule),
  egress: listOf(egressRule),
});

/** NetworkPolicies of distinct names. */
export const networkPolicies: fc.Arbitrary<readonly PolicyRules[]> = listOf(
  fc.tuple(anyOf(NAMESPACES), policySpec),
).map((specs) => specs.map(([namespace, spec], index) => policy(`${namespace}/policy-${index}`, spec)));

const selection = fc
  .record({ namespaces: namespaceSelector, pods: podSelector })
  .map(({ namespaces, pods }) => ({
    kind: 'pods' as const,
    namespaces: { kind: 'labels' as const, selector: selectorOf(namespaces)! },
    pods: selectorOf(pods)!,
  }));
const sender: fc.Arbitrary<Peer> = fc.oneof(
  selection,
  anyOf(CIDRS).map((cidr) => ({ kind: 'network' as const, cidr: parsePrefix(cidr)!, except: [] })),
  word.map((pool) => ({ kind: 'nodes' as const, selector: selectorOf({ matchLabels: { pool } })! })),
);
/** Names are for what pods ask for, not for who asks. */
const receiver: fc.Arbitrary<Peer> = fc.oneof(
  { arbitrary: sender, weight: 3 },
  { arbitrary: fc.constant({ kind: 'domains' as const, names: ['example.com'] }), weight: 1 },
);
const portMatch: fc.Arbitrary<PortMatch> = fc.oneof(
  protocol.map((of) => ({ kind: 'protocol' as const, protocol: of })),
  fc
    .tuple(protocol, anyOf(PORTS))
    .map(([of, at]) => ({ kind: 'port' as const, protocol: of, from: at, to: at })),
  fc.constant({ kind: 'port' as const, protocol: 'TCP' as const, from: 80, to: 443 }),
  fc.tuple(portName, maybe(protocol)).map(([name, of]) => ({ kind: 'named' as const, name, protocol: of })),
);
const rulesFor = (peer: fc.Arbitrary<Peer>) =>
  listOf(
    fc.record({
      action: anyOf<Action>(['Accept', 'Deny', 'Pass']),
      peers: fc.oneof(fc.constant('any' as const), fc.array(peer, { maxLength: 2 })),
      ports: fc.oneof(fc.constant('any' as const), fc.array(portMatch, { maxLength: 2 })),
    }),
  ).map((rules) => rules.map((rule, index) => ({ ...rule, index })));

/** ClusterNetworkPolicies in their normal form, of distinct names, in both tiers. */
export const clusterPolicies: fc.Arbitrary<readonly PolicyRules[]> = listOf(
  fc.record({
    tier: anyOf(['Admin', 'Baseline'] as const),
    priority: fc.integer({ min: 0, max: 2 }),
    subject: selection,
    ingress: maybe(rulesFor(sender)),
    egress: maybe(rulesFor(receiver)),
  }),
).map((policies) =>
  policies.map((rules, index) => ({
    ...rules,
    key: { kind: 'ClusterNetworkPolicy' as const, name: `cluster-${index}` },
    problems: [],
  })),
);

/** Two namespaces, five pods of both families on two nodes; without policies. */
export const emptyWorld: fc.Arbitrary<World> = fc
  .tuple(fc.array(word, { minLength: 2, maxLength: 2 }), fc.array(podText, { minLength: 5, maxLength: 5 }))
  .map(([teams, pods]) =>
    worldOf({
      namespaces: Object.fromEntries(NAMESPACES.map((name, index) => [name, `team=${teams[index]}`])),
      pods: Object.fromEntries(
        pods.map((text, index) => [
          `${NAMESPACES[index % 2]}/pod-${index}`,
          `${text} 10.1.0.${index + 1} fd01::${index + 1}`,
        ]),
      ),
      nodes: NODES,
      domains: DOMAINS,
    }),
  );

/** From anybody to anybody in such a world, of one family. */
export const connection: fc.Arbitrary<Connection> = fc
  .tuple(
    fc.array(anyOf([...[1, 2, 3, 4, 5].flatMap((n) => [`10.1.0.${n}`, `fd01::${n}`]), ...OUTSIDE]), {
      minLength: 2,
      maxLength: 2,
    }),
    fc.oneof(
      fc.record({ protocol, port: fc.oneof(anyOf(PORTS), fc.integer({ min: 1, max: 65_535 })) }),
      fc.record({ protocol: anyOf(['ICMP', 'other'] as const) }),
    ),
    fc.boolean(),
  )
  .map(([addresses, what, isThroughService]) => {
    const [source, destination] = addresses.map((text) => parseAddress(text)!) as [
      Connection['source'],
      Connection['source'],
    ];
    return { source, destination, isThroughService, ...what };
  })
  .filter(({ source, destination }) => source.family === destination.family);
