import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import type { FakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { nodeOf, podOf } from '../../test/support/object-builders.ts';
import { startInformer } from '../informer/informer.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { Namespace, ObjectMeta, OwnerReference, Pod } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { podCondition } from '../k8s/pod-state.ts';
import * as resources from '../k8s/resources.ts';
import { apiVersionOf } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { formatMicroTime } from '../k8s/time.ts';
import { silentLog } from '../lang/log.ts';
import { lifecycleIndexes, startLifecycle } from './lifecycle.ts';

const {
  configMaps,
  customResourceDefinitions,
  deployments,
  events,
  leases,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
} = resources;

const KEPT = [{ resource: configMaps, object: { metadata: { name: 'kept', namespace: 'home' } } }];

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

/** What namespaces/finalize does: without finalizers, a namespace in deletion is gone. */
const withFinalize = (client: FakeClient): FakeClient => ({
  ...client,
  createSubresource: async (resource, ref, subresource, body) => {
    await client.createSubresource(resource, ref, subresource, body);
    const { spec } = body as Namespace;
    assert.deepEqual(spec?.finalizers, []);
    client.remove(namespaces, ref.name);
    return body;
  },
});

/** The first write of such a status meets somebody else's. */
const withConflict = (client: FakeClient, { kind }: Resource): FakeClient => {
  let hasMet = false;
  return {
    ...client,
    updateStatus: (resource, object) => {
      if (hasMet || resource.kind !== kind) return client.updateStatus(resource, object);
      hasMet = true;
      throw new ApiError(failure(409, 'Conflict', 'the object has been modified'));
    },
  };
};

const start = (client = withFinalize(createFakeClient(5000))) => {
  const clock = createFakeClock();
  const common = { client, clock, log: silentLog };
  const informers = {
    namespaces: startInformer({ ...common, resource: namespaces }),
    nodes: startInformer({ ...common, resource: nodes }),
    pods: startInformer({ ...common, resource: pods, indexes: lifecycleIndexes.pods }),
    leases: startInformer({ ...common, resource: leases }),
    definitions: startInformer({ ...common, resource: customResourceDefinitions }),
  };
  const all = [
    configMaps,
    deployments,
    events,
    leases,
    namespaces,
    nodes,
    pods,
    replicaSets,
    serviceAccounts,
  ];
  running.push(
    startLifecycle({ ...common, ...informers, resources: all, keptObjects: KEPT, caCertificate: 'PEM' }),
  );
  running.push(...Object.values(informers));
  const names = (resource: Resource): string[] =>
    client
      .all(resource)
      .map(({ metadata }) => metadata.name)
      .sort();
  return { client, clock, names };
};

const ownedBy = (
  resource: Resource,
  owner: Stored<KubeObject>,
  more: Partial<OwnerReference> = {},
): ObjectMeta => ({
  namespace: 'ns',
  ownerReferences: [
    {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid,
      ...more,
    },
  ],
});

const terminating = '2026-01-01T00:00:00Z';

describe('namespaces', () => {
  it('begin with a ServiceAccount and the root certificate, which come back', async () => {
    const { client, clock, names } = start();
    client.put(namespaces, { metadata: { name: 'a' } });
    await clock.advance(100);
    assert.deepEqual([names(serviceAccounts), names(configMaps)], [['default'], ['kube-root-ca.crt']]);
    client.remove(serviceAccounts, 'a/default');
    const [map] = client.all(configMaps);
    client.put(configMaps, { ...map!, data: { 'ca.crt': 'forged' } });
    await clock.advance(100);
    assert.deepEqual(names(serviceAccounts), ['default']);
    assert.deepEqual(client.all(configMaps)[0]?.data, { 'ca.crt': 'PEM' });
  });

  it('take all that they hold along, and wait for finalizers', async () => {
    const { client, clock, names } = start();
    const namespace = client.put(namespaces, {
      metadata: { name: 'ns' },
      spec: { finalizers: ['kubernetes'] },
    });
    client.put(configMaps, { metadata: { name: 'c', namespace: 'ns' } });
    client.put(configMaps, { metadata: { name: 'elsewhere', namespace: 'other' } });
    const held = client.put(pods, {
      ...podOf('p'),
      metadata: { name: 'p', namespace: 'ns', finalizers: ['x/y'] },
    });
    await clock.advance(100);
    client.put(namespaces, {
      ...namespace,
      metadata: { ...namespace.metadata, deletionTimestamp: terminating },
    });
    await clock.advance(100);
    assert.deepEqual([names(configMaps), names(serviceAccounts), names(pods)], [['elsewhere'], [], ['p']]);
    const conditions = client
      .all(namespaces)[0]
      ?.status?.conditions?.map(
        ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
      );
    assert.deepEqual(conditions?.slice(-2), [
      'NamespaceContentRemaining True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
      'NamespaceFinalizersRemaining True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: x/y in 1 resource instances',
    ]);
    const now = client.all(pods)[0]!;
    await client.update(pods, { ...now, metadata: { ...now.metadata, finalizers: [] } });
    assert.equal(held.metadata.uid, now.metadata.uid);
    await clock.advance(100);
    assert.deepEqual(names(namespaces), []);
  });
});

describe('objects that a cluster cannot be without', () => {
  it('come back as they were, others do not', async () => {
    const { client, clock, names } = start();
    client.put(configMaps, { metadata: { name: 'kept', namespace: 'home' } });
    client.put(configMaps, { metadata: { name: 'kept', namespace: 'elsewhere' } });
    await clock.advance(100);
    client.remove(configMaps, 'home/kept');
    client.remove(configMaps, 'elsewhere/kept');
    await clock.advance(100);
    assert.deepEqual(names(configMaps), ['kept']);
    assert.equal(client.all(configMaps)[0]?.metadata.namespace, 'home');
  });
});

describe('garbage', () => {
  it('goes when its owner is gone, down to the last dependent', async () => {
    const { client, clock, names } = start();
    const deployment = client.put(deployments, { metadata: { name: 'd', namespace: 'ns' } });
    const set = client.put(replicaSets, { metadata: { name: 'r', ...ownedBy(deployments, deployment) } });
    client.put(pods, { ...podOf('p'), metadata: { name: 'p', ...ownedBy(replicaSets, set) } });
    client.put(pods, podOf('free'));
    await clock.advance(100);
    assert.deepEqual(names(pods), ['free', 'p']);
    client.remove(deployments, 'ns/d');
    await clock.advance(100);
    assert.deepEqual([names(replicaSets), names(pods)], [[], ['free']]);
  });

  it('is what names a uid that is not there, but only after the server said so', async () => {
    const client = withFinalize(createFakeClient());
    const set = client.put(replicaSets, { metadata: { name: 'r', namespace: 'ns' } });
    client.put(pods, {
      ...podOf('old'),
      metadata: { name: 'old', ...ownedBy(replicaSets, set, { uid: 'before' }) },
    });
    client.put(pods, { ...podOf('p'), metadata: { name: 'p', ...ownedBy(replicaSets, set) } });
    const { clock, names } = start(client);
    await clock.advance(100);
    assert.deepEqual(names(pods), ['p']);
    assert.ok(client.calls.some(({ verb, resource }) => verb === 'get' && resource === 'replicasets'));
  });

  it('is not what has an owner of a kind that nobody knows, or in a namespace out of reach for it', async () => {
    const { client, clock, names } = start();
    const unknown = { apiVersion: 'x/v1', kind: 'Odd', name: 'o', uid: 'o' };
    client.put(configMaps, { metadata: { name: 'odd', namespace: 'ns', ownerReferences: [unknown] } });
    const other = client.put(configMaps, { metadata: { name: 'owner', namespace: 'other' } });
    client.put(nodes, {
      ...nodeOf('n'),
      metadata: { ...ownedBy(configMaps, other), namespace: undefined, name: 'n' },
    });
    client.put(configMaps, { metadata: { name: 'stray', ...ownedBy(configMaps, other) } });
    await clock.advance(100);
    assert.deepEqual(names(configMaps), ['odd', 'owner'], 'an owner in another namespace is no owner');
    assert.deepEqual(names(nodes), ['n']);
  });

  it('in the foreground goes before its owner', async () => {
    const { client, clock, names } = start();
    const set = client.put(replicaSets, {
      metadata: { name: 'r', namespace: 'ns', finalizers: ['foregroundDeletion'] },
    });
    const owned = ownedBy(replicaSets, set, { blockOwnerDeletion: true });
    client.put(pods, { ...podOf('p'), metadata: { name: 'p', ...owned, finalizers: ['x/y'] } });
    await clock.advance(100);
    client.put(replicaSets, { ...set, metadata: { ...set.metadata, deletionTimestamp: terminating } });
    await clock.advance(100);
    const [pod] = client.all(pods);
    assert.ok(pod?.metadata.deletionTimestamp);
    assert.deepEqual(names(replicaSets), ['r']);
    await client.update(pods, { ...pod, metadata: { ...pod.metadata, finalizers: [] } });
    await clock.advance(100);
    assert.deepEqual([names(pods), names(replicaSets)], [[], []]);
  });

  it('is left behind when its owner is deleted with Orphan', async () => {
    const { client, clock, names } = start();
    const set = client.put(replicaSets, { metadata: { name: 'r', namespace: 'ns', finalizers: ['orphan'] } });
    client.put(pods, { ...podOf('p'), metadata: { name: 'p', ...ownedBy(replicaSets, set) } });
    await clock.advance(100);
    client.put(replicaSets, { ...set, metadata: { ...set.metadata, deletionTimestamp: terminating } });
    await clock.advance(100);
    assert.deepEqual([names(pods), names(replicaSets)], [['p'], []]);
    assert.deepEqual(client.all(pods)[0]?.metadata.ownerReferences, []);
  });
});

describe('custom resources', () => {
  const foos: Resource = {
    group: 'example.com',
    version: 'v1',
    resource: 'foos',
    kind: 'Foo',
    namespaced: true,
  };
  const define = (client: FakeClient): Stored<KubeObject> =>
    client.put(customResourceDefinitions, {
      metadata: { name: 'foos.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'foos', kind: 'Foo' },
        versions: [{ name: 'v1', served: true, storage: true }],
      },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
    });

  it('own and are owned like all others, from when their definition is there', async () => {
    const { client, clock, names } = start();
    await clock.advance(100);
    define(client);
    const owner = client.put(foos, { metadata: { name: 'owner', namespace: 'ns' } });
    client.put(foos, { metadata: { name: 'owned', ...ownedBy(foos, owner) } });
    client.put(pods, { ...podOf('p'), metadata: { name: 'p', ...ownedBy(foos, owner) } });
    await clock.advance(100);
    assert.deepEqual([names(foos), names(pods)], [['owned', 'owner'], ['p']]);
    client.remove(foos, 'ns/owner');
    await clock.advance(100);
    assert.deepEqual([names(foos), names(pods)], [[], []]);
  });

  it('go with their namespace', async () => {
    const { client, clock, names } = start();
    define(client);
    const spec = { finalizers: ['kubernetes'] };
    const namespace = client.put(namespaces, { metadata: { name: 'ns' }, spec });
    client.put(foos, { metadata: { name: 'f', namespace: 'ns' } });
    await clock.advance(100);
    const metadata = { ...namespace.metadata, deletionTimestamp: terminating };
    client.put(namespaces, { ...namespace, metadata });
    await clock.advance(100);
    assert.deepEqual([names(foos), names(namespaces)], [[], []]);
  });
});

describe('nodes', () => {
  const begin = (given?: FakeClient) => {
    const cluster = start(given);
    const { client, clock } = cluster;
    const conditions = [{ type: 'Ready', status: 'True' }];
    const tolerations = ['not-ready', 'unreachable'].map((state) => ({
      key: `node.kubernetes.io/${state}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }));
    client.put(nodes, nodeOf('a'));
    client.put(pods, {
      ...podOf('p', { nodeName: 'a', tolerations }),
      status: { phase: 'Running', conditions },
    });
    return {
      ...cluster,
      renew: () =>
        client.put(leases, {
          metadata: { name: 'a', namespace: 'kube-node-lease' },
          spec: { renewTime: formatMicroTime(clock.now()) },
        }),
      ready: () => client.all(nodes)[0]?.status?.conditions?.find(({ type }) => type === 'Ready'),
      taints: () => (client.all(nodes)[0]?.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`),
      pod: (): Stored<Pod> | undefined => client.all(pods)[0],
    };
  };

  it('stay ready while their Lease is renewed', async () => {
    const { clock, renew, ready, taints } = begin();
    for (let i = 0; i < 12; i++) {
      renew();
      await clock.advance(10_000);
    }
    assert.deepEqual([ready()?.status, taints()], ['True', []]);
  });

  it('that fall silent are unknown, repel pods, and lose those they have after their toleration', async () => {
    const { client, clock, renew, ready, taints, pod } = begin();
    renew();
    await clock.advance(39_000);
    assert.equal(ready()?.status, 'True');
    await clock.advance(2_000);
    assert.deepEqual(
      [ready()?.status, ready()?.reason, ready()?.message],
      ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
    );
    assert.deepEqual(taints(), [
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    assert.equal(podCondition(pod()!, 'Ready')?.status, 'False');
    await clock.advance(298_000);
    assert.ok(pod());
    await clock.advance(3_000);
    assert.equal(pod(), undefined);
    assert.ok(client.all(events).some(({ reason }) => reason === 'TaintManagerEviction'));
  });

  it('that fall silent have no ready pods, although the first write of one meets another', async () => {
    const { clock, renew, pod } = begin(withConflict(createFakeClient(5000), pods));
    renew();
    await clock.advance(41_000);
    assert.equal(podCondition(pod()!, 'Ready')?.status, 'False');
  });

  it('lose their taints when they are back', async () => {
    const { client, clock, renew, taints } = begin();
    renew();
    await clock.advance(41_000);
    const [node] = client.all(nodes);
    client.put(nodes, { ...node!, status: nodeOf('a').status });
    renew();
    await clock.advance(1_000);
    assert.deepEqual(taints(), []);
  });

  it('that are gone do not make a failure of pods that succeeded', async () => {
    const { client, clock, names } = begin();
    client.put(pods, { ...client.all(pods)[0]!, status: { phase: 'Succeeded' } });
    await clock.advance(1_000);
    client.remove(nodes, 'a');
    await clock.advance(41_000);
    assert.deepEqual(names(pods), []);
    assert.ok(!client.calls.some(({ verb, resource }) => verb === 'updateStatus' && resource === 'pods'));
  });

  it('that are gone lose their pods after a while', async () => {
    const { client, clock, names } = begin();
    await clock.advance(1_000);
    client.remove(nodes, 'a');
    await clock.advance(39_000);
    assert.deepEqual(names(pods), ['p']);
    await clock.advance(2_000);
    assert.deepEqual(names(pods), []);
  });
});
