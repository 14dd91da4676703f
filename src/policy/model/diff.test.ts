import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clusterPolicies,
  connection,
  emptyWorld,
  networkPolicies,
} from '../../../test/support/policy-arbitraries.ts';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import { diffRows } from './diff-text.ts';
import { diffAccess } from './diff.ts';
import type { AccessChange } from './diff.ts';
import { createEvaluator } from './evaluate.ts';
import type { Connection, Decision } from './evaluate.ts';
import type { Workload } from './party-groups.ts';
import type { PortSet } from './port-set.ts';
import type { PolicyRules } from './rules.ts';
import type { World } from './world.ts';

const TEXT = {
  namespaces: { shop: 'team=a', bank: 'team=b' },
  pods: {
    'shop/web-1': 'app=web @node-1 10.1.0.1 fd01::1',
    'shop/web-2': 'app=web @node-2 10.1.0.2 fd01::2',
    'shop/db-1': 'app=db @node-1 10.1.0.3 fd01::3 sql:5432',
    'shop/job-1': 'app=job @node-1 10.1.0.4 fd01::4',
    'bank/web-1': 'app=web @node-2 10.1.1.1 fd01::1:1',
  },
  nodes: { 'node-1': '172.30.0.1', 'node-2': '172.30.0.2' },
};

/** Pods whose names differ only in the number at the end. */
const workloadsOf = ({ pods }: World): readonly Workload[] =>
  [...Map.groupBy(pods.values(), ({ namespace, name }) => `${namespace}/${name.replace(/-\d+$/, '')}`)].map(
    ([name, some]) => ({ name, pods: some }),
  );

const rows = (before: readonly PolicyRules[], after: readonly PolicyRules[]): readonly string[] => {
  const world = worldOf(TEXT, before);
  return diffRows(diffAccess(world, after, workloadsOf(world))).map((row) => row.join(' | '));
};

const web = { podSelector: { matchLabels: { app: 'web' } } };
const db = { podSelector: { matchLabels: { app: 'db' } } };
const closed = policy('shop/closed', { ...db });

describe('diffAccess()', () => {
  it('tells who loses what, in as few rows as go', () => {
    assert.deepEqual(rows([], [closed]), ['closes | everyone else | shop/db | everything']);
    assert.deepEqual(rows([closed], []), ['opens | everyone else | shop/db | everything']);
    const sql = policy('shop/closed', { ...db, ingress: [{ from: [web], ports: [{ port: 'sql' }] }] });
    assert.deepEqual(rows([], [sql]), [
      'closes | shop/web | shop/db | everything but TCP 5432',
      'closes | shop/job, bank/web, outside | shop/db | everything',
    ]);
    assert.deepEqual(rows([closed], [sql]), ['opens | shop/web | shop/db | TCP 5432']);
  });

  it('is empty where nothing changes, though policies do', () => {
    assert.deepEqual(rows([closed], [closed, policy('shop/too', { ...db })]), []);
    assert.deepEqual(rows([], [policy('bank/p', { ...db })]), []);
  });

  it('shows what opens and closes at once', () => {
    const port = (number: number): PolicyRules =>
      policy('shop/p', { ...db, ingress: [{ ports: [{ port: number }] }] });
    assert.deepEqual(rows([port(80)], [port(81)]), [
      'closes | everyone else | shop/db | TCP 80',
      'opens | everyone else | shop/db | TCP 81',
    ]);
  });

  it('keeps the pods of a workload apart where a policy does, and the families', () => {
    const block = { ipBlock: { cidr: '10.1.0.0/31' } };
    assert.deepEqual(rows([closed], [policy('shop/closed', { ...db, ingress: [{ from: [block] }] })]), [
      'opens | shop/web (web-1) | shop/db | everything (IPv4)',
      'opens | 10.1.0.0/31 | shop/db | everything',
    ]);
  });

  it('has the pods of a workload among themselves, and nodes where a block means them', () => {
    assert.deepEqual(
      rows([], [policy('shop/p', { ...web, ingress: [{ from: [{ ipBlock: { cidr: '172.30.0.0/24' } }] }] })]),
      ['closes | shop/web, shop/db, shop/job, bank/web, outside | shop/web | everything'],
    );
  });

  it('agrees with the evaluator about every connection', () => {
    const several = fc.array(connection, { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(
        emptyWorld,
        fc.tuple(networkPolicies, clusterPolicies),
        fc.tuple(networkPolicies, clusterPolicies),
        several,
        (empty, before, after, asked) => {
          const world = { ...empty, policies: before.flat() };
          const workloads = [...world.pods].map(([name, pod]) => ({ name, pods: [pod] }));
          const { changes } = diffAccess(world, after.flat(), workloads);
          const [was, is] = [createEvaluator(world), createEvaluator({ ...world, policies: after.flat() })];
          for (const each of asked) {
            const names = podNames(was(each), each);
            if (!names) continue;
            const effect = Number(is(each).isAllowed) - Number(was(each).isAllowed);
            assert.equal(effectOf(changes, names, each), effect);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Of pod to another pod: what else there is has groups of its own. */
const podNames = (
  { source, destination }: Decision,
  { isThroughService }: Connection,
): [string, string] | undefined => {
  if (source.kind !== 'pod' || destination.kind !== 'pod' || source.pod === destination.pod) return undefined;
  if (isThroughService) return undefined;
  return [
    `${source.pod.namespace}/${source.pod.name}`,
    `${destination.pod.namespace}/${destination.pod.name}`,
  ];
};

const effectOf = (
  changes: readonly AccessChange[],
  [from, to]: [string, string],
  asked: Connection,
): number => {
  const has = (set: PortSet): boolean =>
    set.some((span) =>
      span.protocol === 'other'
        ? asked.port === undefined
        : span.protocol === asked.protocol && span.from <= asked.port! && asked.port! <= span.to,
    );
  const mine = changes.filter(
    ({ family, ...change }) =>
      change.from.includes(from) &&
      change.to.includes(to) &&
      (family ?? asked.source.family) === asked.source.family,
  );
  return Number(mine.some(({ opens }) => has(opens))) - Number(mine.some(({ closes }) => has(closes)));
};
