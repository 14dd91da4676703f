import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../test/support/object-builders.ts';
import type { NetworkPolicy, Pod } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { configMaps, namespaces, networkPolicies, pods } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { POLICY_DIFF_MANAGER, foretellPolicies } from './foretell.ts';

const podOf = (name: string, ip: string): Pod => ({
  metadata: { namespace: 'shop', name, labels: { app: name } },
  spec: { containers: [] },
  status: { podIPs: [{ ip }] },
});

const policyOf = (spec: NetworkPolicy['spec']): NetworkPolicy => ({
  metadata: { namespace: 'shop', name: 'db' },
  spec,
});

const CLOSED = policyOf({ podSelector: { matchLabels: { app: 'db' } } });
const OPEN = policyOf({
  podSelector: { matchLabels: { app: 'db' } },
  ingress: [{ ports: [{ port: 5432 }] }],
});

type Options = {
  readonly stored?: readonly NetworkPolicy[];
  readonly resource?: Resource;
  readonly mayList?: boolean;
  readonly fieldManager?: string;
  readonly podCount?: number;
};

const told = (
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  {
    stored = [],
    resource = networkPolicies,
    mayList = true,
    fieldManager = 'kubectl',
    podCount = 2,
  }: Options = {},
): readonly string[] => {
  const objects = new Map<string, readonly KubeObject[]>([
    [
      pods.resource,
      Array.from({ length: podCount }, (_, n) => podOf(n === 0 ? 'db' : `web-${n}`, `10.1.0.${n + 1}`)),
    ],
    [namespaces.resource, [{ metadata: { name: 'shop' } }]],
    [networkPolicies.resource, stored],
  ]);
  const list = <T extends KubeObject>(of: Resource<T>): readonly Stored<T>[] =>
    (objects.get(of.resource) ?? []).map((object) => storedAs(object as T));
  return foretellPolicies({ resource, before, after, fieldManager }, { list, mayList: () => mayList });
};

describe('foretellPolicies()', () => {
  it('tells what a policy would open and close: a new one, a changed one, one that goes', () => {
    assert.deepEqual(told(undefined, CLOSED), ['closes everyone else -> shop/db: everything']);
    assert.deepEqual(told(CLOSED, OPEN, { stored: [CLOSED] }), ['opens everyone else -> shop/db: TCP 5432']);
    assert.deepEqual(told(OPEN, undefined, { stored: [OPEN] }), [
      'opens everyone else -> shop/db: everything but TCP 5432',
    ]);
    assert.deepEqual(told(CLOSED, CLOSED, { stored: [CLOSED] }), []);
  });

  it('is silent about other kinds, to who may not see all pods, and to who tells it otherwise', () => {
    assert.deepEqual(told(undefined, CLOSED, { resource: configMaps }), []);
    assert.deepEqual(told(undefined, CLOSED, { mayList: false }), []);
    assert.deepEqual(told(undefined, CLOSED, { fieldManager: POLICY_DIFF_MANAGER }), []);
  });

  it('sends to the command where it would take too long', () => {
    assert.deepEqual(
      told(undefined, CLOSED, { podCount: 1_001, stored: Array<NetworkPolicy>(250).fill(OPEN) }),
      ["what it opens and closes is told by 'podnet policy diff -f FILE'"],
    );
  });
});
