// Objects in, elements out, as texts. Numbers are given names in the order in which they come: their value means nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, ofWeb } from '../../../test/support/compiled-policies.ts';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import type { NetworkPolicySpec } from '../../k8s/generated/types.ts';
import { parsePrefix } from '../../ip/prefix.ts';
import type { PolicyRules } from '../model/rules.ts';
import { EVERYTHING } from '../model/selector.ts';
import { MAPS } from './elements.ts';
import { createPolicyCompiler } from './policy-compiler.ts';
import type { Flush, PolicyCompiler } from './policy-compiler.ts';

/** `map key : value`, one a line; those of IPv6 are left out, they are the same. */
const textOf = (compiler: PolicyCompiler): string => {
  const names = new Map<string, string>();
  const nameOf = (kind: string, number: string): string => {
    if (!names.has(number))
      names.set(number, `${kind}-${[...names.values()].filter((name) => name.startsWith(kind)).length + 1}`);
    return names.get(number)!;
  };
  const lines = MAPS.filter((map) => !map.endsWith('6')).flatMap((map) =>
    [...compiler.elements().get(map)!]
      .map(([key, value]) => {
        const [first = '', ...rest] = key.split(' . ');
        if (map === 'egress4' || map === 'ingress4') return `${map} ${key} : ${nameOf('class', value)}`;
        if (map === 'rows')
          return `rows ${nameOf('class', first)} . ${nameOf('peer', rest[0]!)} : ${nameOf('table', value)}`;
        if (map.endsWith('4')) return `${map} ${key} : ${nameOf('peer', value)}`;
        const table = [nameOf('table', first), ...rest].join(' . ');
        return `${map} ${table} : ${value === '0' ? 'allowed' : nameOf('table', value)}`;
      })
      .sort(),
  );
  return lines.join('\n');
};

const assertText = (compiler: PolicyCompiler, expected: string): void =>
  assert.equal(textOf(compiler), expected.trim().replaceAll(/\n\s+/g, '\n'));

const countOf = ({ changes }: Flush): number => changes.add.length + changes.remove.length;

describe('elements of policies', () => {
  it('a pod that no policy selects is in no map', () => {
    assertText(compile(), '');
    assertText(
      compile(policy('bank/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })),
      '',
    );
  });

  it('a policy without rules is a class without elements: all is denied', () => {
    assertText(compile(ofWeb({})), 'ingress4 10.1.0.1 : class-1');
  });

  it('a peer that a rule asks for has an id, its row leads to what it may', () => {
    const from = [{ podSelector: { matchLabels: { app: 'api' } } }];
    assertText(
      compile(
        ofWeb({ ingress: [{ from, ports: [{ port: 80 }, { port: 90, endPort: 99, protocol: 'UDP' }] }] }),
      ),
      `ingress4 10.1.0.1 : class-1
       peers4 10.1.0.2 : peer-1
       rows class-1 . peer-1 : table-1
       ports table-1 . tcp . 80 : allowed
       ranges table-1 . udp . 90-99 : allowed`,
    );
  });

  it('what everybody may is in the table of the class itself', () => {
    assertText(
      compile(ofWeb({ ingress: [{ ports: [{ port: 'http' }] }] })),
      `ingress4 10.1.0.1 : class-1
       ports class-1 . tcp . 8080 : allowed`,
    );
  });

  it('a network without its exceptions is as many intervals as it needs, pods in it included', () => {
    const ipBlock = { cidr: '10.0.0.0/8', except: ['10.1.0.0/24', '10.128.0.0/9'] };
    const to = [{ ipBlock }, { podSelector: { matchLabels: { app: 'api' } } }];
    assertText(
      compile(ofWeb({ policyTypes: ['Egress'], egress: [{ to }] })),
      `egress4 10.1.0.1 : class-1
       peers4 10.1.0.2 : peer-1
       networks4 10.0.0.0/16 : peer-2
       networks4 10.1.1.0-10.127.255.255 : peer-2
       rows class-1 . peer-1 : table-1
       rows class-1 . peer-2 : table-1
       others table-1 : allowed`,
    );
  });

  it('a named port of egress is the number that the pod gives it, nothing where a network is the peer', () => {
    const named = (to: NonNullable<NetworkPolicySpec['egress']>[number]['to'] = []): PolicyCompiler =>
      compile(ofWeb({ policyTypes: ['Egress'], egress: [{ to, ports: [{ port: 'http' }] }] }));
    assertText(
      named([{ podSelector: {} }]),
      `egress4 10.1.0.1 : class-1
       peers4 10.1.0.1 : peer-1
       peers4 10.1.0.2 : peer-2
       rows class-1 . peer-1 : table-1
       ports table-1 . tcp . 8080 : allowed`,
    );
    assert.deepEqual([...named().elements().get('peers4')!.keys()], ['10.1.0.1', '10.1.0.3']);
    const ofNetwork = named([{ ipBlock: { cidr: '10.1.0.0/16' } }]).elements();
    assert.deepEqual([ofNetwork.get('rows')!.size, ofNetwork.get('ports')!.size], [0, 0]);
  });

  it('what is denied is listed where all else is allowed', () => {
    const deny: PolicyRules = {
      key: { kind: 'ClusterNetworkPolicy', name: 'no-mail' },
      tier: 'Admin',
      priority: 1,
      subject: { namespaces: { kind: 'labels', selector: EVERYTHING }, pods: EVERYTHING },
      egress: [
        {
          index: 0,
          action: 'Deny',
          peers: 'any',
          ports: [{ kind: 'port', protocol: 'TCP', from: 25, to: 25 }],
        },
      ],
      problems: [],
    };
    assertText(
      compile(deny),
      `egress4 10.1.0.1 : class-1
       ports class-1 . tcp . 25 : class-1
       others class-1 : allowed`,
    );
  });

  it('hundreds of networks of one rule are one peer', () => {
    const to = Array.from({ length: 500 }, (_, n) => ({
      ipBlock: { cidr: `${20 + (n >> 8)}.${n & 255}.7.0/24` },
    }));
    const elements = compile(ofWeb({ policyTypes: ['Egress'], egress: [{ to }] })).elements();
    assert.equal(elements.get('networks4')!.size, 500);
    assert.equal(elements.get('rows')!.size, 1);
  });

  it('a sandbox whose pod is not known is pending, in both directions and families', () => {
    const compiler = createPolicyCompiler();
    compiler.upsertLocal('shop/new', ['10.1.0.9', 'fd01::9']);
    assert.deepEqual(compiler.flush().changes.add, [
      ['egress4', '10.1.0.9', '1'],
      ['egress6', 'fd01::9', '1'],
      ['ingress4', '10.1.0.9', '1'],
      ['ingress6', 'fd01::9', '1'],
    ]);
    const world = worldOf({ namespaces: {}, pods: { 'shop/new': 'app=new 10.1.0.9 fd01::9' } });
    compiler.upsertPod(world.pods.get('shop/new')!);
    const { changes, touched } = compiler.flush();
    assert.deepEqual([changes.remove.length, changes.add.length], [4, 0]);
    assert.deepEqual([...touched.subjects], []);
  });

  it('an address belongs to the sandbox that has it, whatever an older pod still says', () => {
    const compiler = compile(
      ofWeb({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] }),
    );
    const reused = worldOf({
      namespaces: {},
      pods: { 'shop/late': 'app=api @here 10.1.0.7', 'shop/new': 'app=new @here 10.1.0.7' },
    });
    reused.pods.forEach(compiler.upsertPod);
    compiler.flush();
    assert.ok(compiler.elements().get('peers4')!.has('10.1.0.7'));
    compiler.upsertLocal('shop/new', ['10.1.0.7']);
    compiler.flush();
    assert.ok(!compiler.elements().get('peers4')!.has('10.1.0.7'));
  });

  it('a change is as large as what it changes', () => {
    const compiler = compile(
      ofWeb({
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 80 }] }],
      }),
    );
    const [api] = worldOf({
      namespaces: {},
      pods: { 'shop/api': 'app=other @there 10.1.0.2 fd01::2' },
    }).pods.values();
    compiler.upsertPod(api!);
    // the addresses, and the row and the table that nobody needs any more
    assert.equal(countOf(compiler.flush()), 4);
    compiler.upsertPod(api!);
    assert.equal(countOf(compiler.flush()), 0);
  });

  it('tells the policies and the direction of a number', () => {
    const compiler = compile(ofWeb({ ingress: [{ from: [{ podSelector: {} }] }] }));
    const [table] = compiler.elements().get('rows')!.values();
    const owner = {
      direction: 'ingress',
      policies: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'p' }],
    };
    assert.deepEqual(compiler.tableOf(Number(table)), owner);
    assert.deepEqual(compiler.tableOf(Number(compiler.elements().get('ingress4')!.get('10.1.0.1'))), owner);
    assert.equal(compiler.tableOf(1), undefined);
    compiler.deletePolicy(ofWeb({}).key);
    compiler.flush();
    assert.equal(compiler.tableOf(Number(table)), undefined);
  });
});

describe('addresses of domain names', () => {
  const rules: PolicyRules = {
    key: { kind: 'ClusterNetworkPolicy', name: 'names' },
    tier: 'Admin',
    priority: 1,
    subject: { namespaces: { kind: 'labels', selector: EVERYTHING }, pods: EVERYTHING },
    egress: [
      {
        index: 0,
        action: 'Accept',
        peers: [{ kind: 'domains', names: ['a.example', '*.b.example'] }],
        ports: 'any',
      },
      {
        index: 1,
        action: 'Deny',
        peers: [{ kind: 'network', cidr: parsePrefix('0.0.0.0/0')!, except: [] }],
        ports: 'any',
      },
    ],
    problems: [],
  };
  const resolvedIn = (compiler: PolicyCompiler): readonly string[] => [
    ...compiler.elements().get('resolved4')!.keys(),
  ];

  it('are there until the first of their times is over, and go on with the names that are left', () => {
    const compiler = compile(rules);
    assert.deepEqual([...compiler.domainNames()], ['a.example', '*.b.example']);
    compiler.resolve('a.example', '192.0.2.1', 1000);
    compiler.resolve('*.b.example', '192.0.2.1', 2000);
    const [added, ...more] = compiler.flush().changes.add.filter(([map]) => map === 'resolved4');
    assert.deepEqual([added?.[1], added?.[3], more], ['192.0.2.1', 1000, []]);
    compiler.expire(1000);
    const next = compiler.flush().changes;
    assert.deepEqual(next.remove[0], ['resolved4', '192.0.2.1']);
    assert.equal(next.add.find(([map]) => map === 'resolved4')?.[3], 2000);
    compiler.expire(2000);
    compiler.flush();
    assert.deepEqual(resolvedIn(compiler), []);
  });

  it('have the time of the answer that holds longest', () => {
    const compiler = compile(rules);
    for (const until of [1000, 3000, 1500]) {
      compiler.resolve('a.example', '192.0.2.1', until);
      compiler.flush();
    }
    compiler.expire(2000);
    compiler.flush();
    assert.deepEqual(resolvedIn(compiler), ['192.0.2.1']);
  });

  it('are taken up from the kernel by an agent that starts again, if their name is asked for', () => {
    const former = compile(rules);
    former.resolve('*.b.example', '192.0.2.1', 1000);
    former.resolve('a.example', '10.1.0.3', 1000);
    former.flush();
    const compiler = compile(rules);
    for (const [address, peer] of former.elements().get('resolved4')!) compiler.adopt(address, peer, 900);
    compiler.adopt('192.0.2.9', '1:1', 900);
    compiler.flush();
    assert.deepEqual(textOf(compiler), textOf(former));
    assert.equal(compiler.timedElements().find(([, key]) => key === '192.0.2.1')?.[3], 900);
  });

  it('are not there for names that no rule asks for', () => {
    const compiler = compile();
    compiler.resolve('a.example', '192.0.2.1', 1000);
    assert.equal(countOf(compiler.flush()), 0);
    compiler.upsertPolicy(rules);
    compiler.flush();
    assert.deepEqual(resolvedIn(compiler), ['192.0.2.1']);
    compiler.deletePolicy(rules.key);
    compiler.flush();
    assert.deepEqual(resolvedIn(compiler), []);
  });
});
