// The behaviours of networking.k8s.io/v1, one by one: policies, and what becomes of connections.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertDecisions, decide, policy, worldOf } from '../../../test/support/policy-world.ts';
import type { PolicyRules } from './rules.ts';

const TEXT = {
  namespaces: { shop: 'team=a', bank: 'team=b' },
  pods: {
    'shop/web': 'app=web tier=front @node-1 10.1.0.1 fd01::1 http:80 status:8080',
    'shop/db': 'app=db @node-2 10.1.0.2 fd01::2 http:8080 dns:53/UDP',
    'shop/client': 'app=client @node-1 10.1.0.3 fd01::3',
    'bank/web': 'app=web @node-2 10.1.1.1 fd01::1:1 http:81',
    'bank/job': 'app=job @node-2 10.1.1.2 fd01::1:2 Succeeded',
    'bank/agent': 'app=web @node-2 172.30.0.2 hostNetwork',
  },
  nodes: { 'node-1': '172.30.0.1 fd02::1', 'node-2': '172.30.0.2 fd02::2' },
};

const check = (policies: readonly PolicyRules[], lines: string): void =>
  assertDecisions(worldOf(TEXT, policies), lines);

const app = (name: string): object => ({ matchLabels: { app: name } });
const web = { podSelector: app('web') };
const client = { podSelector: app('client') };
const teamB = { namespaceSelector: { matchLabels: { team: 'b' } } };
const INGRESS = { policyTypes: ['Ingress'] };
const EGRESS = { policyTypes: ['Egress'] };

const expression = (key: string, operator: string, ...values: string[]): object => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
});

describe('evaluate(): isolation', () => {
  it('1. isolates a pod only in a direction that a policy selecting it lists', () => {
    check([], 'shop/client -> shop/web TCP 80  allowed');
    check(
      [policy('shop/p', { ...web, ...INGRESS })],
      `shop/client -> shop/web TCP 80  denied
       shop/web -> shop/client TCP 80  allowed
       shop/client -> shop/db TCP 80   allowed
       shop/client -> bank/web TCP 80  allowed`,
    );
    check(
      [policy('shop/p', { ...web, ...EGRESS })],
      `shop/client -> shop/web TCP 80  allowed
       shop/web -> shop/client TCP 80  denied`,
    );
  });

  it('2. takes missing policyTypes for Ingress, and for Egress too where there is an egress rule', () => {
    check(
      [policy('shop/p', web)],
      `shop/client -> shop/web TCP 80  denied
       shop/web -> shop/client TCP 80  allowed`,
    );
    check(
      [policy('shop/p', { ...web, egress: [{ ports: [{ port: 53 }] }] })],
      `shop/client -> shop/web TCP 80  denied
       shop/web -> shop/client TCP 53  allowed
       shop/web -> shop/client TCP 80  denied`,
    );
  });

  it('3. allows what any of the policies allows', () => {
    const policies = [
      policy('shop/a', { ...web, ingress: [{ ports: [{ port: 80 }] }] }),
      policy('shop/b', { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }),
      policy('shop/c', { podSelector: {} }),
    ];
    const lines = `shop/client -> shop/web TCP 80  allowed
       shop/client -> shop/web TCP 81  allowed
       shop/client -> shop/web TCP 82  denied
       shop/client -> shop/db TCP 80   denied`;
    check(policies, lines);
    check(policies.toReversed(), lines);
  });

  it('4. needs the egress of the source and the ingress of the destination', () => {
    const out = policy('shop/out', {
      ...client,
      ...EGRESS,
      egress: [{ ports: [{ port: 80 }, { port: 81 }] }],
    });
    const into = policy('shop/in', { ...web, ingress: [{ ports: [{ port: 80 }, { port: 82 }] }] });
    check(
      [out, into],
      `shop/client -> shop/web TCP 80  allowed
       shop/client -> shop/web TCP 81  denied
       shop/client -> shop/web TCP 82  denied
       shop/db -> shop/web TCP 82      allowed`,
    );
  });

  it('5. keeps the peers and the ports of a rule together', () => {
    const ingress = [
      { from: [client, teamB], ports: [{ port: 80 }, { port: 81 }] },
      { from: [{ podSelector: app('db') }], ports: [{ port: 90 }] },
    ];
    check(
      [policy('shop/p', { ...web, ingress })],
      `shop/client -> shop/web TCP 81  allowed
       bank/web -> shop/web TCP 80     allowed
       shop/client -> shop/web TCP 90  denied
       shop/db -> shop/web TCP 90      allowed
       shop/db -> shop/web TCP 80      denied`,
    );
  });

  it('6. takes an empty rule for everything, from everywhere, and a missing list for nothing', () => {
    const everywhere = `shop/client -> shop/web TCP 80   %
       192.0.2.1 -> shop/web UDP 53     %
       node-2 -> shop/web SCTP 9        %
       shop/client -> shop/web ICMP     %
       shop/client -> shop/web other    %`;
    check([policy('shop/p', { ...web, ingress: [{}] })], everywhere.replaceAll('%', 'allowed'));
    check([policy('shop/p', { ...web, ingress: [] })], everywhere.replaceAll('%', 'denied'));
    check([policy('shop/p', { ...web, ...INGRESS })], everywhere.replaceAll('%', 'denied'));
  });

  it('7. selects every pod of its own namespace by an empty podSelector', () => {
    check(
      [policy('shop/p', { podSelector: {} })],
      `shop/client -> shop/web TCP 80  denied
       bank/web -> shop/db TCP 80      denied
       shop/web -> bank/web TCP 80     allowed`,
    );
  });
});

describe('evaluate(): peers', () => {
  const from = (...peers: object[]): PolicyRules => policy('shop/p', { ...web, ingress: [{ from: peers }] });

  it('8. chooses pods of its own namespace, of chosen namespaces, or both at once', () => {
    const table: [PolicyRules, string][] = [
      [from({ podSelector: {} }), 'client db'],
      [from(web), ''],
      [from(teamB), 'bank/web'],
      [from({ ...teamB, podSelector: app('client') }), ''],
      [from({ ...teamB, ...web }), 'bank/web'],
      [from(teamB, client), 'client bank/web'],
      [from({ namespaceSelector: {} }), 'client db bank/web'],
      [from({ namespaceSelector: {}, podSelector: app('db') }), 'db'],
    ];
    for (const [rules, allowed] of table)
      check(
        [rules],
        ['shop/client', 'shop/db', 'bank/web', '192.0.2.1', 'node-2']
          .map((peer) => {
            const isAllowed = allowed.split(' ').includes(peer.replace('shop/', ''));
            return `${peer} -> shop/web TCP 80  ${isAllowed ? 'allowed' : 'denied'}`;
          })
          .join('\n'),
      );
  });

  it('9. knows namespaces by their name', () => {
    const byName = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } } };
    check(
      [from(byName)],
      `bank/web -> shop/web TCP 80     allowed
       shop/client -> shop/web TCP 80  denied`,
    );
  });

  it('10. matches what lacks the key by NotIn and DoesNotExist', () => {
    const table: [object, string][] = [
      [expression('app', 'In', 'client', 'x'), 'shop/client'],
      [expression('app', 'NotIn', 'client'), 'shop/db'],
      [expression('tier', 'NotIn', 'front'), 'shop/client shop/db'],
      [expression('tier', 'DoesNotExist'), 'shop/client shop/db'],
      [expression('tier', 'Exists'), ''],
    ];
    for (const [podSelector, allowed] of table)
      check(
        [from({ podSelector })],
        ['shop/client', 'shop/db']
          .map((peer) => `${peer} -> shop/web TCP 80  ${allowed.includes(peer) ? 'allowed' : 'denied'}`)
          .join('\n'),
      );
  });

  it('12. knows no pod that has finished: its address is anybody outside', () => {
    check(
      [from({ namespaceSelector: {} })],
      `10.1.1.2 -> shop/web TCP 80  denied
       bank/web -> shop/web TCP 80  allowed`,
    );
    check([policy('bank/p', { podSelector: {} })], 'shop/web -> 10.1.1.2 TCP 80  allowed');
  });
});

describe('evaluate(): ports', () => {
  const ports = (...list: object[]): PolicyRules => policy('shop/p', { ...web, ingress: [{ ports: list }] });

  it('13. is TCP without a protocol, and every port without one', () => {
    check(
      [ports({ port: 80 }, { protocol: 'UDP' })],
      `shop/client -> shop/web TCP 80  allowed
       shop/client -> shop/web TCP 81  denied
       shop/client -> shop/web UDP 81  allowed
       shop/client -> shop/web SCTP 80 denied
       shop/client -> shop/web ICMP    denied`,
    );
  });

  it('14. takes the ends of a range in', () => {
    check(
      [ports({ port: 80, endPort: 90 })],
      `shop/client -> shop/web TCP 79  denied
       shop/client -> shop/web TCP 80  allowed
       shop/client -> shop/web TCP 90  allowed
       shop/client -> shop/web TCP 91  denied
       shop/client -> shop/web UDP 85  denied`,
    );
  });

  it('15. asks the pod that is connected to for the number of a name, in the protocol', () => {
    check(
      [policy('shop/p', { podSelector: {}, ingress: [{ ports: [{ port: 'http' }, { port: 'dns' }] }] })],
      `shop/client -> shop/web TCP 80   allowed
       shop/client -> shop/web TCP 8080 denied
       shop/client -> shop/db TCP 8080  allowed
       shop/client -> shop/db TCP 80    denied
       shop/client -> shop/db TCP 53    denied
       shop/client -> shop/db UDP 53    denied`,
    );
    const egress = [{ to: [{ namespaceSelector: {} }], ports: [{ port: 'http' }] }];
    check(
      [policy('shop/p', { ...client, ...EGRESS, egress })],
      `shop/client -> shop/web TCP 80   allowed
       shop/client -> shop/db TCP 8080  allowed
       shop/client -> bank/web TCP 81   allowed
       shop/client -> bank/web TCP 80   denied
       shop/client -> 192.0.2.1 TCP 80  denied`,
    );
  });

  it('15. isolates by a name that nobody has, and gives addresses out of a block no names', () => {
    check([ports({ port: 'nobody' })], 'shop/client -> shop/web TCP 80  denied');
    const to = (cidr: string): PolicyRules =>
      policy('shop/p', {
        ...client,
        ...EGRESS,
        egress: [{ to: [{ ipBlock: { cidr } }], ports: [{ port: 'http' }] }],
      });
    check([to('10.1.0.0/16')], '10.1.0.3 -> 10.1.0.1 TCP 80  denied');
  });

  it('16. opens no other protocol of the same number', () => {
    check(
      [ports({ port: 80, protocol: 'UDP' }, { port: 81, protocol: 'SCTP' })],
      `shop/client -> shop/web UDP 80  allowed
       shop/client -> shop/web TCP 80  denied
       shop/client -> shop/web SCTP 81 allowed
       shop/client -> shop/web TCP 81  denied`,
    );
  });

  it('27. lets ICMP and the like in where a rule has no ports, by its peers', () => {
    check(
      [policy('shop/p', { ...web, ingress: [{ from: [client] }, { ports: [{ port: 80 }] }] })],
      `shop/client -> shop/web ICMP   allowed
       shop/client -> shop/web other  allowed
       shop/db -> shop/web ICMP       denied
       shop/db -> shop/web TCP 80     allowed`,
    );
  });
});

describe('evaluate(): blocks of addresses', () => {
  const block = (cidr: string, ...except: string[]): object => ({
    ipBlock: { cidr, ...(except.length > 0 && { except }) },
  });
  const from = (name: string, ...peers: object[]): PolicyRules =>
    policy(name, { ...web, ingress: [{ from: peers }] });

  it('18. leaves the excepted out, unless another block has them', () => {
    const lines = `192.0.2.1 -> shop/web TCP 80    allowed
       192.0.2.130 -> shop/web TCP 80  %
       192.0.3.1 -> shop/web TCP 80    denied`;
    const wide = block('192.0.2.0/24', '192.0.2.128/25');
    check([from('shop/a', wide)], lines.replace('%', 'denied'));
    check([from('shop/a', wide, block('192.0.2.130/32'))], lines.replace('%', 'allowed'));
    check([from('shop/a', wide), from('shop/b', block('192.0.2.130/32'))], lines.replace('%', 'allowed'));
  });

  it('19. has whoever has the address, pods as well', () => {
    check(
      [from('shop/a', block('10.1.1.0/24'))],
      `10.1.1.1 -> 10.1.0.1 TCP 80  allowed
       10.1.0.3 -> 10.1.0.1 TCP 80  denied`,
    );
  });

  it('29. is of one family, where selectors are of both', () => {
    check(
      [from('shop/a', block('0.0.0.0/0'))],
      `10.1.0.3 -> 10.1.0.1 TCP 80  allowed
       fd01::3 -> fd01::1 TCP 80    denied`,
    );
    check([from('shop/a', client)], 'shop/client -> shop/web TCP 80  allowed');
  });
});

describe('evaluate(): nodes and Services', () => {
  const closed = ['shop', 'bank'].map((namespace) =>
    policy(`${namespace}/p`, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  );

  it('20. does not judge between a pod and the node that it runs on, nor of a pod with itself', () => {
    check(
      closed,
      `node-1 -> shop/web TCP 80    allowed
       shop/web -> node-1 TCP 80    allowed
       shop/web -> shop/web TCP 80  allowed`,
    );
    const [decision] = decide(worldOf(TEXT, closed), 'node-1 -> shop/web TCP 80');
    assert.deepEqual(decision?.ingress.reason, { kind: 'not judged', because: 'own node' });
    assert.deepEqual(decision?.egress.reason, { kind: 'not judged', because: 'no pod' });
  });

  it('21. takes other nodes for outside addresses', () => {
    check(
      closed,
      `node-2 -> shop/web TCP 80  denied
       shop/web -> node-2 TCP 80  denied`,
    );
    check(
      [policy('shop/p', { ...web, ingress: [{ from: [{ ipBlock: { cidr: '172.30.0.0/24' } }] }] })],
      '172.30.0.2 -> 10.1.0.1 TCP 80  allowed',
    );
  });

  it('22. never takes a pod in the network of its node for a pod', () => {
    check(
      [policy('shop/p', { ...web, ingress: [{ from: [{ namespaceSelector: {} }] }] }), ...closed.slice(1)],
      `172.30.0.2 -> shop/web TCP 80   denied
       shop/client -> 172.30.0.2 TCP 80 allowed`,
    );
  });

  it('24. judges a pod that reaches itself through a Service as any other', () => {
    check(closed, 'shop/web -> shop/web TCP 80 through a Service  denied');
    check(
      [policy('shop/p', { ...web, ingress: [{ from: [web] }] })],
      'shop/web -> shop/web TCP 80 through a Service  allowed',
    );
  });
});
