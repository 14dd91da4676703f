// The behaviours of ClusterNetworkPolicy v1alpha2 that an evaluation shows: tiers, priorities, actions, peers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertDecisions, decide, policy, worldOf } from '../../../test/support/policy-world.ts';
import { parsePrefix } from '../../ip/prefix.ts';
import type { Action, Peer, PolicyRules, PortMatch, Rule } from './rules.ts';
import { EVERYTHING, selectorOf } from './selector.ts';
import type { Selector } from './selector.ts';

const TEXT = {
  namespaces: { shop: 'team=a', bank: 'team=b' },
  pods: {
    'shop/web': 'app=web @node-1 10.1.0.1 http:80 http:80/UDP',
    'shop/client': 'app=client @node-1 10.1.0.2',
    'bank/web': 'app=web @node-2 10.1.1.1 http:8080',
    'bank/agent': 'app=web @node-2 172.30.0.2 hostNetwork',
  },
  nodes: { 'node-1': 'pool=a 172.30.0.1', 'node-2': 'pool=b 172.30.0.2' },
  domains: { 'example.com': ['192.0.2.1'], '*.example.org': ['192.0.2.2'] },
};

const labels = (key: string, value: string): Selector => selectorOf({ matchLabels: { [key]: value } })!;
const podsOf = (namespaces: Selector, pods = EVERYTHING): Extract<Peer, { kind: 'pods' }> => ({
  kind: 'pods',
  namespaces: { kind: 'labels', selector: namespaces },
  pods,
});
const shop = podsOf(labels('team', 'a'));
const bank = podsOf(labels('team', 'b'));
const network = (cidr: string): Peer => ({ kind: 'network', cidr: parsePrefix(cidr)!, except: [] });
const tcp = (from: number, to = from): PortMatch => ({ kind: 'port', protocol: 'TCP', from, to });

type RuleText = [Action, Rule['peers'], Rule['ports']?];
type Options = {
  tier?: 'Admin' | 'Baseline';
  priority?: number;
  subject?: Peer;
  ingress?: RuleText[];
  egress?: RuleText[];
};

const rulesOf = (rules: RuleText[] | undefined): readonly Rule[] | undefined =>
  rules?.map(([action, peers, ports = 'any'], index) => ({ index, action, peers, ports }));

const cluster = (
  name: string,
  { tier = 'Admin', priority = 0, subject = shop, ingress, egress }: Options,
): PolicyRules => ({
  key: { kind: 'ClusterNetworkPolicy', name },
  tier,
  priority,
  subject: subject as Extract<Peer, { kind: 'pods' }>,
  ingress: rulesOf(ingress),
  egress: rulesOf(egress),
  problems: [],
});

const check = (policies: readonly PolicyRules[], lines: string): void =>
  assertDecisions(worldOf(TEXT, policies), lines);

const isolated = policy('shop/isolated', { podSelector: {} });
const open = policy('shop/open', { podSelector: {}, ingress: [{}] });

describe('evaluate(): tiers', () => {
  it('asks Admin before NetworkPolicies, and Baseline only where none selects the pod', () => {
    const ask = 'bank/web -> shop/web TCP 80';
    const admin = (action: Action): PolicyRules => cluster('admin', { ingress: [[action, [bank]]] });
    const baseline = (action: Action): PolicyRules =>
      cluster('base', { tier: 'Baseline', ingress: [[action, [bank]]] });
    const table: [PolicyRules[], string][] = [
      [[], 'allowed'],
      [[isolated, admin('Accept')], 'allowed'],
      [[open, admin('Deny')], 'denied'],
      [[isolated, admin('Pass')], 'denied'],
      [[open, admin('Pass'), baseline('Deny')], 'allowed'],
      [[isolated, baseline('Accept')], 'denied'],
      [[open, baseline('Deny')], 'allowed'],
      [[baseline('Deny')], 'denied'],
      [[baseline('Pass')], 'allowed'],
      [[admin('Pass'), baseline('Deny')], 'denied'],
      [[admin('Accept'), baseline('Deny')], 'allowed'],
    ];
    for (const [policies, expected] of table) check(policies, `${ask} ${expected}`);
  });

  it('asks the lower priority first, then the lesser name, then the rules in their order', () => {
    const one = (name: string, action: Action, priority: number): PolicyRules =>
      cluster(name, { priority, ingress: [[action, 'any']] });
    const ask = 'bank/web -> shop/web TCP 80';
    check([one('a', 'Deny', 20), one('b', 'Accept', 10)], `${ask} allowed`);
    check([one('b', 'Deny', 5), one('a', 'Accept', 5)], `${ask} allowed`);
    check(
      [
        cluster('c', {
          ingress: [
            ['Accept', [bank], [tcp(80)]],
            ['Deny', 'any'],
          ],
        }),
      ],
      `${ask} allowed`,
    );
    check(
      [
        cluster('c', {
          ingress: [
            ['Deny', 'any'],
            ['Accept', [bank], [tcp(80)]],
          ],
        }),
      ],
      `${ask} denied`,
    );
  });

  it('skips the rest of its tier by Pass', () => {
    check(
      [
        cluster('a', {
          priority: 1,
          ingress: [
            ['Pass', [bank]],
            ['Deny', [bank]],
          ],
        }),
        cluster('b', { priority: 2, ingress: [['Deny', 'any']] }),
      ],
      `bank/web -> shop/web TCP 80     allowed
       shop/client -> shop/web TCP 80  denied`,
    );
  });

  it('isolates nobody: what no rule matches goes on, and the other direction is left alone', () => {
    check(
      [cluster('a', { ingress: [['Accept', [bank], [tcp(80)]]] })],
      `bank/web -> shop/web TCP 81     allowed
       shop/client -> shop/web TCP 80  allowed
       shop/web -> bank/web TCP 80     allowed`,
    );
  });

  it('leaves the other end to its own rules', () => {
    check(
      [
        cluster('out', { ingress: [], egress: [['Accept', 'any']] }),
        cluster('in', { subject: bank, ingress: [['Deny', [shop]]] }),
      ],
      'shop/web -> bank/web TCP 80  denied',
    );
  });
});

describe('evaluate(): peers and ports of cluster-wide rules', () => {
  const deny = (...peers: Peer[]): PolicyRules => cluster('a', { egress: [['Deny', peers]] });

  it('never selects pods in the network of their node, as subject or peer', () => {
    check(
      [cluster('a', { subject: bank, egress: [['Deny', 'any']] })],
      '172.30.0.2 -> shop/web TCP 80  allowed',
    );
    check([deny(bank)], 'shop/web -> 172.30.0.2 TCP 80  allowed');
  });

  it('takes networks for whoever has the address, with ICMP', () => {
    check(
      [deny(network('10.1.1.0/24'), network('192.0.2.0/24'))],
      `shop/web -> bank/web TCP 80     denied
       shop/web -> 192.0.2.9 ICMP      denied
       shop/web -> shop/client TCP 80  allowed`,
    );
  });

  it('takes nodes by their labels, and never judges the own one', () => {
    check(
      [deny({ kind: 'nodes', selector: labels('pool', 'b') })],
      `shop/web -> node-2 TCP 80    denied
       shop/web -> bank/web TCP 80  allowed`,
    );
    check([deny({ kind: 'nodes', selector: EVERYTHING })], 'shop/web -> node-1 TCP 80  allowed');
  });

  it('takes domains for the addresses that DNS gave', () => {
    const names = ['example.com', '*.example.org'];
    check(
      [
        cluster('a', {
          egress: [
            ['Accept', [{ kind: 'domains', names }]],
            ['Deny', 'any'],
          ],
        }),
      ],
      `shop/web -> 192.0.2.1 TCP 443  allowed
       shop/web -> 192.0.2.2 TCP 443  allowed
       shop/web -> 192.0.2.3 TCP 443  denied`,
    );
  });

  it('takes a port name without a protocol for whatever the pod gives it to', () => {
    const named: PortMatch = { kind: 'named', name: 'http', protocol: undefined };
    check(
      [cluster('a', { ingress: [['Deny', 'any', [named]]], egress: [['Deny', [bank], [named]]] })],
      `bank/web -> shop/web TCP 80    denied
       bank/web -> shop/web UDP 80    denied
       bank/web -> shop/web TCP 8080  allowed
       shop/web -> bank/web TCP 8080  denied
       shop/web -> bank/web UDP 8080  allowed`,
    );
  });

  it('judges a hairpin through a Service, not a pod at its own address', () => {
    check(
      [cluster('a', { ingress: [['Deny', [shop]]] })],
      `shop/web -> shop/web TCP 80                    allowed
       shop/web -> shop/web TCP 80 through a Service  denied`,
    );
  });

  it('matches nobody by a rule whose peers could not be understood', () => {
    check([deny()], 'shop/web -> bank/web TCP 80  allowed');
  });
});

describe('evaluate(): reasons', () => {
  it('names the rule that decided, its clauses, and the rules that passed', () => {
    const policies = [
      cluster('pass', { ingress: [['Pass', [bank]]] }),
      policy('shop/p', { podSelector: {}, ingress: [{}, { ports: [{ port: 80 }] }].slice(1) }),
    ];
    const [decision] = decide(worldOf(TEXT, policies), 'bank/web -> shop/web TCP 80');
    const { reason, passed } = decision!.ingress;
    assert.equal(reason.kind === 'rule' && reason.match.policy.name, 'p');
    assert.deepEqual(reason.kind === 'rule' && reason.match.port, tcp(80));
    assert.equal(reason.kind === 'rule' && reason.match.peer, 'any');
    assert.deepEqual(
      passed.map((match) => [match.policy.name, match.rule.index]),
      [['pass', 0]],
    );
  });

  it('names all policies that isolate', () => {
    const policies = ['b', 'a'].map((name) => policy(`shop/${name}`, { podSelector: {} }));
    const [decision] = decide(worldOf(TEXT, policies), 'bank/web -> shop/web TCP 80');
    const { reason } = decision!.ingress;
    assert.deepEqual(reason.kind === 'isolated' && reason.policies.map(({ name }) => name), ['a', 'b']);
    assert.deepEqual(decision!.egress.reason, { kind: 'no policy' });
  });
});
