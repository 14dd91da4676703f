import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { ClusterNetworkPolicySpec } from '../../k8s/cluster-network-policy.ts';
import { clusterNetworkPolicyRules } from './cluster-network-policy.ts';
import { peerText, policyKeyText, portText, selectionText } from './rules.ts';
import type { PolicyRules, Rule } from './rules.ts';

const rulesOf = (yaml: string): PolicyRules =>
  clusterNetworkPolicyRules({
    metadata: { name: 'p' },
    spec: {
      tier: 'Admin',
      priority: 7,
      subject: { namespaces: {} },
      ...(parse(yaml) as Partial<ClusterNetworkPolicySpec>),
    },
  });

const ruleText = ({ name, action, peers, ports }: Rule): string => {
  const peer = peers === 'any' ? 'anyone' : peers.map(peerText).join(' | ') || 'nobody';
  const port = ports === 'any' ? 'anything' : ports.map(portText).join(' | ') || 'nothing';
  return `${name ? `${name}: ` : ''}${action} ${peer} @ ${port}`;
};

const linesOf = ({ tier, priority, subject, ingress, egress, problems }: PolicyRules): readonly string[] => [
  `${tier} ${priority}, ${selectionText(subject)}`,
  ...(ingress ?? []).map((rule) => `in ${rule.index} ${ruleText(rule)}`),
  ...(egress ?? []).map((rule) => `out ${rule.index} ${ruleText(rule)}`),
  ...problems,
];

/** What a single rule says, and what is wrong with it. */
const egress = (yaml: string): readonly string[] => linesOf(rulesOf(`{ egress: [${yaml}] }`)).slice(1);
const ingress = (yaml: string): readonly string[] => linesOf(rulesOf(`{ ingress: [${yaml}] }`)).slice(1);

const SHOP = '{ matchLabels: { team: shop } }';
const WEB = '{ matchLabels: { app: web } }';

describe('clusterNetworkPolicyRules()', () => {
  it('reads tier, priority, subject and rules in their order', () => {
    const rules = rulesOf(`
      tier: Baseline
      priority: 1000
      subject: { pods: { namespaceSelector: ${SHOP}, podSelector: ${WEB} } }
      ingress:
        - { name: monitoring, action: Pass, from: [{ namespaces: ${SHOP} }] }
        - { action: Deny, from: [{ namespaces: {} }] }
      egress:
        - { action: Accept, to: [{ pods: { namespaceSelector: {}, podSelector: ${WEB} } }, { nodes: {} }] }`);
    assert.equal(policyKeyText(rules.key), 'ClusterNetworkPolicy p');
    assert.deepEqual(linesOf(rules), [
      'Baseline 1000, pods app=web in namespaces team=shop',
      'in 0 monitoring: Pass all pods in namespaces team=shop @ anything',
      'in 1 Deny all pods in all namespaces @ anything',
      'out 0 Accept pods app=web in all namespaces | all nodes @ anything',
    ]);
  });

  it('takes pods of all namespaces where it names none', () => {
    const selected = `{ pods: { podSelector: ${WEB} } }`;
    assert.deepEqual(
      linesOf(rulesOf(`{ subject: ${selected}, ingress: [{ action: Deny, from: [${selected}] }] }`)),
      ['Admin 7, pods app=web in all namespaces', 'in 0 Deny pods app=web in all namespaces @ anything'],
    );
  });

  it('leaves a direction without rules alone', () => {
    const { ingress: none, egress: empty } = rulesOf('{ egress: [] }');
    assert.deepEqual([none, empty], [undefined, undefined]);
  });

  it('reads networks, nodes and names of what is outside', () => {
    assert.deepEqual(
      egress(`{ action: Accept, to: [{ networks: [10.0.0.0/8, "fd00::/8"] }, { nodes: ${SHOP} },
        { domainNames: [WWW.example.com., "*.Example.org"] }] }`),
      [
        'out 0 Accept 10.0.0.0/8 | fd00::/8 | nodes team=shop | domains *.example.org,www.example.com @ anything',
      ],
    );
  });

  it('reads ports, ranges and named ports', () => {
    assert.deepEqual(
      ingress(`{ action: Deny, from: [{ namespaces: {} }], protocols: [
        { tcp: { destinationPort: { number: 80 } } }, { udp: { destinationPort: { range: { start: 5, end: 9 } } } },
        { sctp: { destinationPort: { number: 65535 } } }, { destinationNamedPort: http }] }`),
      ['in 0 Deny all pods in all namespaces @ TCP 80 | UDP 5-9 | SCTP 65535 | http'],
    );
  });
});

/** Peers of a rule, and what is said about them. */
const UNKNOWN_PEERS: readonly (readonly [peer: string, problem: string])[] = [
  ['{}', ': has not exactly one peer that is known'],
  ['{ services: {} }', ': has not exactly one peer that is known'],
  ['{ namespaces: {}, tenancy: {} }', ': has not exactly one peer that is known'],
  [
    '{ namespaces: { matchExpressions: [{ key: a, operator: Near }] } }',
    '.namespaces: has an operator that is unknown',
  ],
  ['{ networks: [10.0.0.0/8, far] }', '.networks[1]: "far" is no CIDR'],
  [
    '{ nodes: { matchExpressions: [{ key: a, operator: Near }] } }',
    '.nodes: has an operator that is unknown',
  ],
];

/** Protocols of a rule, and what is said about them. */
const UNKNOWN_PROTOCOLS: readonly (readonly [protocol: string, problem: string])[] = [
  ['{}', ': has not exactly one protocol that is known'],
  ['{ icmp: {} }', ': has not exactly one protocol that is known'],
  ['{ tcp: {} }', '.tcp: has no ports that are known'],
  ['{ tcp: { destinationPort: { number: 1 }, sourcePort: {} } }', '.tcp: has no ports that are known'],
  ['{ udp: { destinationPort: { list: [1] } } }', '.udp: has no ports that are known'],
  ['{ udp: { destinationPort: { range: { start: 9, end: 5 } } } }', '.udp: has no ports that are known'],
  ['{ sctp: { destinationPort: { number: 65536 } } }', '.sctp: has no ports that are known'],
];

describe('clusterNetworkPolicyRules() of what cannot be understood', () => {
  const CLOSED = {
    Accept: 'Accept nobody @ anything',
    Deny: 'Deny anyone @ anything',
    Pass: 'Deny anyone @ anything',
  } as const;

  for (const [action, closed] of Object.entries(CLOSED)) {
    it(`an unknown peer makes ${action}: ${closed}`, () => {
      for (const [peer, problem] of UNKNOWN_PEERS)
        assert.deepEqual(egress(`{ action: ${action}, to: [{ namespaces: {} }, ${peer}] }`), [
          `out 0 ${closed}`,
          `spec.egress[0].to[1]${problem}`,
        ]);
    });

    it(`an unknown protocol makes ${action}: ${closed}`, () => {
      for (const [protocol, problem] of UNKNOWN_PROTOCOLS)
        assert.deepEqual(
          ingress(`{ action: ${action}, from: [{ namespaces: {} }], protocols: [${protocol}] }`),
          [`in 0 ${closed}`, `spec.ingress[0].protocols[0]${problem}`],
        );
    });
  }

  it('knows no networks, nodes and names where traffic comes in', () => {
    for (const peer of ['{ networks: [10.0.0.0/8] }', '{ nodes: {} }', '{ domainNames: [a.b] }'])
      assert.deepEqual(ingress(`{ action: Accept, from: [${peer}] }`), [
        'in 0 Accept nobody @ anything',
        'spec.ingress[0].from[0]: has not exactly one peer that is known',
      ]);
  });

  it('names of domains only accept, and named ports are only of pods', () => {
    assert.deepEqual(egress('{ action: Deny, to: [{ domainNames: [a.b] }] }'), [
      'out 0 Deny anyone @ anything',
      'spec.egress[0].to[0].domainNames: only a rule that accepts can have them',
    ]);
    assert.deepEqual(
      egress('{ action: Accept, to: [{ nodes: {} }], protocols: [{ destinationNamedPort: http }] }'),
      ['out 0 Accept nobody @ anything', 'spec.egress[0].to[0]: only pods have named ports'],
    );
    assert.deepEqual(egress('{ action: Accept, to: [{ domainNames: [a.b, "a.*.b"] }] }'), [
      'out 0 Accept nobody @ anything',
      'spec.egress[0].to[0].domainNames[1]: "a.*.b" is no domain name',
    ]);
  });

  it('an unknown action denies', () => {
    assert.deepEqual(egress('{ action: Log, to: [{ nodes: {} }] }'), [
      'out 0 Deny all nodes @ anything',
      'spec.egress[0].action: unknown action "Log"',
    ]);
  });

  it('of a policy with an unknown subject, tier or priority only the denials are left, for every pod', () => {
    const rules = 'egress: [{ action: Accept, to: [{ nodes: {} }] }, { action: Deny, to: [{ nodes: {} }] }]';
    const lines = (fields: string): readonly string[] => linesOf(rulesOf(`{ ${fields}, ${rules} }`));
    const left = ['Admin 0, all pods in all namespaces', 'out 1 Deny all nodes @ anything'];
    assert.deepEqual(lines('subject: { serviceAccounts: {} }'), [
      ...left,
      'spec.subject: has not exactly one selection that is known',
    ]);
    assert.deepEqual(lines('tier: Middle'), [...left, 'spec.tier: unknown tier "Middle"']);
    assert.deepEqual(lines('priority: high'), [...left, 'spec.priority: "high" is no priority']);
  });

  it('what has not even the right type does not throw', () => {
    const closed = (fields: string): readonly string[] => linesOf(rulesOf(fields)).slice(0, -1);
    assert.deepEqual(closed('{ egress: [{ action: Deny, to: 7 }] }'), [
      'Admin 7, all pods in all namespaces',
      'out 0 Deny anyone @ anything',
    ]);
    assert.deepEqual(closed('{ subject: { pods: {} }, egress: [{ action: Deny, to: [{ nodes: {} }] }] }'), [
      'Admin 0, all pods in all namespaces',
      'out 0 Deny all nodes @ anything',
    ]);
    const { ingress: none, problems } = clusterNetworkPolicyRules({ metadata: { name: 'p' } });
    assert.deepEqual([none, problems.length > 0], [undefined, true]);
  });
});
