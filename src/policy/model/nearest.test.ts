import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clusterPolicies,
  connection,
  emptyWorld,
  networkPolicies,
} from '../../../test/support/policy-arbitraries.ts';
import { connectionsOf, policy, worldOf } from '../../../test/support/policy-world.ts';
import { createEvaluator, inOrder, questionOf } from './evaluate.ts';
import type { Connection } from './evaluate.ts';
import { nearMissText } from './near-miss-text.ts';
import { nearestRule } from './nearest.ts';
import type { NearMiss } from './nearest.ts';
import type { Direction, PolicyRules } from './rules.ts';
import type { World } from './world.ts';

const TEXT = {
  namespaces: { shop: 'team=a', bank: 'team=b' },
  pods: {
    'shop/web': 'app=web @node-1 10.1.0.1 http:8080',
    'shop/client': 'app=client @node-1 10.1.0.2',
    'bank/web': 'app=web stage=test @node-2 10.1.1.1',
  },
};

const nearest = (world: World, asked: Connection, direction: Direction): NearMiss | undefined => {
  const { source, destination } = createEvaluator(world)(asked);
  const question = questionOf(asked, direction, { source, destination });
  assert.ok(!('kind' in question));
  return nearestRule(question, { ...world, policies: inOrder(world.policies) });
};

const told = (policies: readonly PolicyRules[], text: string, direction: Direction = 'ingress'): string => {
  const world = worldOf(TEXT, policies);
  const miss = nearest(world, connectionsOf(text, world)[0]!, direction);
  return miss ? nearMissText(miss) : 'nothing';
};

const to = (...rules: object[]): PolicyRules =>
  policy('shop/p', { podSelector: { matchLabels: { app: 'web' } }, ingress: rules });
const from = (peer: object, port = 80): PolicyRules => to({ from: [peer], ports: [{ port }] });
const app = (name: string): object => ({ podSelector: { matchLabels: { app: name } } });

describe('nearestRule()', () => {
  it('names the rule and the one thing that it lacks', () => {
    const client = 'shop/client -> shop/web TCP 80';
    const bank = 'bank/web -> shop/web TCP 80';
    const outside = '192.0.2.1 -> shop/web TCP 80';
    const block = (cidr: string, ...except: string[]): object => ({ ipBlock: { cidr, except } });
    const notTest = { matchExpressions: [{ key: 'stage', operator: 'NotIn', values: ['test'] }] };
    const table: [PolicyRules, string, string][] = [
      [from(app('client'), 8443), client, 'the port were 8443'],
      [to({ ports: [{ port: 8000, endPort: 9000 }] }), client, 'the port were in 8000-9000'],
      [to({ ports: [{ port: 'http' }] }), client, 'the port were 8080'],
      [to({ ports: [{ port: 'web' }] }), client, 'shop/web had this port under the name web'],
      [to({ ports: [{ port: 80, protocol: 'UDP' }] }), client, 'the protocol were UDP'],
      [to({ ports: [{ protocol: 'UDP' }] }), client, 'the protocol were UDP'],
      [from(app('job')), client, 'pod shop/client had the label app=job'],
      [from({ namespaceSelector: {}, podSelector: notTest }), bank, 'pod bank/web had no label stage'],
      [from(app('web')), bank, 'pod bank/web were in namespace shop'],
      [
        from({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }),
        bank,
        'pod bank/web were in namespace shop',
      ],
      [
        from({ namespaceSelector: { matchLabels: { team: 'c' } } }),
        bank,
        'namespace bank had the label team=c',
      ],
      [from(block('192.0.2.0/24', '192.0.2.0/25')), outside, '192.0.2.0/25 were not excepted'],
      [from(block('198.51.100.0/24')), outside, 'the address were in 198.51.100.0/24'],
    ];
    for (const [rules, question, condition] of table)
      assert.equal(told([rules], question), `rule 1 of NetworkPolicy shop/p would allow it if ${condition}`);
  });

  it('prefers what the client can change, and counts rules from 1', () => {
    const rules = to(
      { from: [app('job')], ports: [{ port: 80 }] },
      { from: [app('client')], ports: [{ port: 81 }] },
    );
    assert.equal(
      told([rules], 'shop/client -> shop/web TCP 80'),
      'rule 2 of NetworkPolicy shop/p would allow it if the port were 81',
    );
  });

  it('says so where a policy isolates a direction that it has no rule for', () => {
    const isolating = policy('shop/p', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{}],
    });
    assert.equal(
      told([isolating], 'shop/client -> shop/web TCP 80', 'egress'),
      'NetworkPolicy shop/p has no rule for egress; it would be allowed if the policy did not list Egress in its policyTypes',
    );
  });

  it('is silent where it takes more than one thing', () => {
    assert.equal(told([from(app('job'), 81)], 'shop/client -> shop/web TCP 80'), 'nothing');
    assert.equal(told([from(app('client'))], '192.0.2.1 -> shop/web TCP 80'), 'nothing');
    assert.equal(
      told([to(), policy('shop/q', { podSelector: {} })], 'shop/client -> shop/web TCP 80'),
      'nothing',
    );
  });

  it('tells a port only if that port is allowed', () => {
    let found = 0;
    fc.assert(
      fc.property(emptyWorld, networkPolicies, clusterPolicies, connection, (empty, some, others, asked) => {
        const world = { ...empty, policies: [...some, ...others] };
        const evaluate = createEvaluator(world);
        for (const direction of ['egress', 'ingress'] as const) {
          if (evaluate(asked)[direction].isAllowed) continue;
          const { change } = nearest(world, asked, direction) ?? {};
          if (change?.kind !== 'port') continue;
          found++;
          assert.ok(
            evaluate({ ...asked, port: change.from })[direction].isAllowed || change.from < change.to,
          );
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(found > 0);
  });
});
