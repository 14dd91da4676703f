// The controllers together on the real API: what kubectl users do, seen from the objects.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isNotFound } from '../../src/k8s/api-error.ts';
import type { Deployment } from '../../src/k8s/generated/types.ts';
import type { Stored } from '../../src/k8s/objects.ts';
import { isPodReady } from '../../src/k8s/pod-state.ts';
import {
  configMaps,
  deployments,
  events,
  namespaces,
  pods,
  replicaSets,
  serviceAccounts,
} from '../../src/k8s/resources.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import { deploymentOf, podOf, templateOf } from '../support/object-builders.ts';
import { eventually } from '../support/poll.ts';
import { type TestControlPlane, startTestControlPlane } from '../support/test-control-plane.ts';

describe('the controllers', () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await startTestControlPlane(['a', 'b', 'c']);
  });
  after(() => plane?.stop());

  const makeNamespace = async (name: string): Promise<void> => {
    await plane.client.create(namespaces, { metadata: { name } });
    await eventually(
      `${name} has its ServiceAccount`,
      async () => (await count(serviceAccounts, name)) === 1,
    );
  };
  const list = async <T extends object>(resource: Resource<T>, namespace: string) =>
    (await plane.client.list(resource, { namespace })).items;
  const count = async (resource: Resource, namespace: string): Promise<number> =>
    (await list(resource, namespace)).length;
  const progress = async (namespace: string): Promise<string> => {
    const { status, metadata } = await plane.client.get(deployments, { name: 'web', namespace });
    const reason = status?.conditions?.find(({ type }) => type === 'Progressing')?.reason;
    return `${status?.observedGeneration === metadata.generation} ${status?.updatedReplicas}/${status?.replicas}/${status?.availableReplicas} ${reason}`;
  };
  const rolledOut = (namespace: string, replicas: number): Promise<true> =>
    eventually(
      `web is rolled out: ${replicas}`,
      async () =>
        (await progress(namespace)) === `true ${replicas}/${replicas}/${replicas} NewReplicaSetAvailable` ||
        undefined,
      10_000,
    );
  const create = async (
    namespace: string,
    spec: Partial<Deployment['spec']> = {},
  ): Promise<Stored<Deployment>> => {
    const { metadata, ...rest } = deploymentOf(spec);
    return plane.client.create(deployments, { ...rest, metadata: { ...metadata, namespace } }, namespace);
  };

  it('let a pod be created right after its namespace', async () => {
    await plane.client.create(namespaces, { metadata: { name: 'fresh' } });
    const pod = podOf('web');
    await plane.client.create(pods, { ...pod, metadata: { ...pod.metadata, namespace: 'fresh' } }, 'fresh');
  });

  it('roll a Deployment out over the nodes, on to a new template and back', async () => {
    await makeNamespace('roll');
    await create('roll', { replicas: 6 });
    await rolledOut('roll', 6);
    const onNodes = Map.groupBy(await list(pods, 'roll'), ({ spec }) => spec?.nodeName);
    assert.deepEqual([...onNodes].map(([node, { length }]) => `${node} ${length}`).sort(), [
      'a 2',
      'b 2',
      'c 2',
    ]);
    const patch = async (image: string): Promise<void> => {
      const body = { spec: { template: templateOf(image) } };
      const type = 'application/strategic-merge-patch+json';
      await plane.client.patch(deployments, { name: 'web', namespace: 'roll' }, body, { type });
      await rolledOut('roll', 6);
    };
    await patch('nginx:2');
    await patch('nginx:1');
    const sets = (await list(replicaSets, 'roll')).map(
      ({ metadata, spec }) =>
        `r${metadata.annotations?.['deployment.kubernetes.io/revision']} ${spec?.replicas}`,
    );
    assert.deepEqual(sets.sort(), ['r2 0', 'r3 6']);
    assert.ok(
      (await list(pods, 'roll')).every(
        (pod) => pod.spec?.containers[0]?.image === 'nginx:1' && isPodReady(pod),
      ),
    );
  });

  it('replace a pod that is deleted, and collect all when the Deployment is', async () => {
    await makeNamespace('gone');
    await create('gone');
    await rolledOut('gone', 3);
    const [pod] = await list(pods, 'gone');
    await plane.client.delete(pods, pod!.metadata);
    await eventually('another pod', async () => {
      const present = await list(pods, 'gone');
      return present.length === 3 && present.every(({ metadata }) => metadata.uid !== pod!.metadata.uid);
    });
    await plane.client.delete(deployments, { name: 'web', namespace: 'gone' });
    await eventually(
      'no pods',
      async () => (await count(pods, 'gone')) + (await count(replicaSets, 'gone')) === 0,
    );
  });

  it('delete in the foreground: the Deployment goes last', async () => {
    await makeNamespace('foreground');
    await create('foreground');
    await rolledOut('foreground', 3);
    await plane.client.delete(
      deployments,
      { name: 'web', namespace: 'foreground' },
      { propagationPolicy: 'Foreground' },
    );
    await eventually('it is gone', async () => (await count(deployments, 'foreground')) === 0);
    assert.equal((await count(pods, 'foreground')) + (await count(replicaSets, 'foreground')), 0);
  });

  it('leave the pods behind when their ReplicaSet is orphaned', async () => {
    await makeNamespace('orphan');
    await create('orphan');
    await rolledOut('orphan', 3);
    await plane.client.delete(
      deployments,
      { name: 'web', namespace: 'orphan' },
      { propagationPolicy: 'Orphan' },
    );
    await eventually('it is gone', async () => (await count(deployments, 'orphan')) === 0);
    const [set] = await list(replicaSets, 'orphan');
    assert.deepEqual(set?.metadata.ownerReferences ?? [], []);
    assert.equal(await count(pods, 'orphan'), 3);
  });

  it('empty a namespace and let it go', async () => {
    await makeNamespace('empty');
    await create('empty');
    await rolledOut('empty', 3);
    await plane.client.create(configMaps, { metadata: { name: 'c' } }, 'empty');
    await plane.client.delete(namespaces, { name: 'empty' });
    await eventually('it is gone', async () => {
      try {
        await plane.client.get(namespaces, { name: 'empty' });
        return false;
      } catch (error) {
        return isNotFound(error);
      }
    });
    for (const resource of [pods, configMaps, events, deployments])
      assert.equal(await count(resource, 'empty'), 0);
  });

  it('say why a pod is not placed', async () => {
    await makeNamespace('nowhere');
    const { metadata: _, ...pod } = podOf('p', { nodeSelector: { disk: 'ssd' } });
    await plane.client.create(pods, { ...pod, metadata: { name: 'p' } }, 'nowhere');
    await eventually('the condition', async () =>
      (await list(pods, 'nowhere'))[0]?.status?.conditions?.some(({ message }) =>
        message?.startsWith("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."),
      ),
    );
    const [event] = (await list(events, 'nowhere')).filter(({ reason }) => reason === 'FailedScheduling');
    assert.equal(event?.count, 1);
  });

  it('did all that without a complaint', () => {
    assert.deepEqual(plane.complaints, []);
  });
});
