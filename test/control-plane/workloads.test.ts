// StatefulSets, DaemonSets and ReplicationControllers on the real API, with pods that are ready at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isPodReady } from '../../src/k8s/pod-state.ts';
import type { ControllerRevision } from '../../src/k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import {
  type Resource,
  controllerRevisions,
  daemonSets,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  replicationControllers,
  serviceAccounts,
  statefulSets,
} from '../../src/k8s/resources.ts';
import { templateOf } from '../support/object-builders.ts';
import { eventually } from '../support/poll.ts';
import { type TestControlPlane, startTestControlPlane } from '../support/test-control-plane.ts';

const MERGE = { type: 'application/strategic-merge-patch+json' } as const;
const selector = { matchLabels: { app: 'web' } };

const numbersOf = (revisions: readonly ControllerRevision[]): number[] =>
  revisions.map(({ revision }) => revision).sort((a, b) => a - b);

describe('the workload controllers', () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await startTestControlPlane(['a', 'b', 'c']);
  });
  after(() => plane?.stop());

  const makeNamespace = async (name: string): Promise<void> => {
    await plane.client.create(namespaces, { metadata: { name } });
    await eventually(
      'it has its ServiceAccount',
      async () => (await list(serviceAccounts, name)).length === 1,
    );
  };
  const list = async <T extends KubeObject>(resource: Resource<T>, namespace: string) =>
    (await plane.client.list(resource, { namespace })).items;
  const names = async (resource: Resource, namespace: string): Promise<string> =>
    (await list(resource, namespace))
      .map(({ metadata }) => metadata.name)
      .sort()
      .join(' ');
  const images = async (namespace: string): Promise<string> =>
    (await list(pods, namespace))
      .filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp)
      .map(({ metadata, spec }) => `${metadata.name} ${spec?.containers[0]?.image}`)
      .sort()
      .join(', ');
  const becomes = (what: string, is: () => Promise<string>, wanted: string): Promise<unknown> =>
    eventually(what, async () => (await is()) === wanted || undefined, 10_000);

  describe('a StatefulSet', () => {
    const namespace = 'sts';
    const ref = { name: 'web', namespace };
    const settled = async (): Promise<string> => {
      const { metadata, status } = await plane.client.get(statefulSets, ref);
      if (status?.observedGeneration !== metadata.generation) return 'not seen';
      const isCurrent = status?.currentRevision === status?.updateRevision;
      return `${status?.readyReplicas ?? 0} ready ${status?.updatedReplicas ?? 0} updated ${isCurrent}`;
    };
    before(async () => {
      await makeNamespace(namespace);
      await plane.client.create(
        statefulSets,
        {
          metadata: { name: 'web' },
          spec: {
            serviceName: 'web',
            replicas: 3,
            selector,
            template: templateOf('nginx:1'),
            volumeClaimTemplates: [
              {
                metadata: { name: 'data' },
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
              },
            ],
          },
        },
        namespace,
      );
    });

    it('waits for its claims: nothing binds them', async () => {
      await becomes('the first claim', () => names(persistentVolumeClaims, namespace), 'data-web-0');
      const message = async (): Promise<string> => {
        const [pod] = await list(pods, namespace);
        const condition = pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
        return condition?.message ?? '';
      };
      await eventually('the pod says so', async () =>
        (await message()).includes('pod has unbound immediate PersistentVolumeClaims'),
      );
      assert.equal(await names(pods, namespace), 'web-0');
    });

    it('goes on in order when somebody binds them', async () => {
      const bindAll = async (): Promise<void> => {
        for (const claim of await list(persistentVolumeClaims, namespace))
          if (claim.status?.phase !== 'Bound')
            await plane.client.updateStatus(persistentVolumeClaims, {
              ...claim,
              status: { ...claim.status, phase: 'Bound' },
            });
      };
      await eventually(
        'three pods',
        async () => {
          await bindAll();
          return (await settled()) === '3 ready 3 updated true' || undefined;
        },
        10_000,
      );
      assert.equal(await names(pods, namespace), 'web-0 web-1 web-2');
      const [first] = await list(pods, namespace);
      assert.deepEqual([first?.spec?.hostname, first?.spec?.subdomain], ['web-0', 'web']);
      assert.equal(first?.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'web-0');
      assert.equal(first?.metadata.labels?.['apps.kubernetes.io/pod-index'], '0');
    });

    const updateTo = (image: string, partition: number): Promise<unknown> =>
      plane.client.patch(
        statefulSets,
        ref,
        { spec: { template: templateOf(image), updateStrategy: { rollingUpdate: { partition } } } },
        MERGE,
      );

    it('updates down to the partition, and then the rest', async () => {
      await updateTo('nginx:2', 2);
      await becomes('one new', () => images(namespace), 'web-0 nginx:1, web-1 nginx:1, web-2 nginx:2');
      assert.equal(await settled(), '3 ready 1 updated false');
      await updateTo('nginx:2', 0);
      await becomes('all new', () => images(namespace), 'web-0 nginx:2, web-1 nginx:2, web-2 nginx:2');
      await becomes('the rollout ends', settled, '3 ready 3 updated true');
    });

    it('keeps its revisions, and goes back to one', async () => {
      const revisions = await list(controllerRevisions, namespace);
      assert.deepEqual(numbersOf(revisions), [1, 2]);
      const first = revisions.find(({ revision }) => revision === 1)!;
      await plane.client.patch(statefulSets, ref, first.data, MERGE); // kubectl rollout undo
      await becomes('all old', () => images(namespace), 'web-0 nginx:1, web-1 nginx:1, web-2 nginx:1');
      const after = await list(controllerRevisions, namespace);
      assert.deepEqual(numbersOf(after), [2, 3]);
    });

    it('shrinks from the end and leaves the claims; comes back with them', async () => {
      const scale = (replicas: number): Promise<unknown> =>
        plane.client.patch(statefulSets, ref, { spec: { replicas } }, { ...MERGE, subresource: 'scale' });
      const claim = (await list(persistentVolumeClaims, namespace))[2]!.metadata.uid;
      await scale(1);
      await becomes('one pod', () => names(pods, namespace), 'web-0');
      assert.equal((await list(persistentVolumeClaims, namespace)).length, 3);
      await scale(3);
      await becomes('three pods', () => names(pods, namespace), 'web-0 web-1 web-2');
      assert.equal((await list(persistentVolumeClaims, namespace))[2]!.metadata.uid, claim);
    });

    it('goes with its pods, and with its claims if it shall', async () => {
      await plane.client.patch(
        statefulSets,
        ref,
        { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } } },
        MERGE,
      );
      await eventually('the claims belong to it', async () =>
        (await list(persistentVolumeClaims, namespace)).every(
          ({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'StatefulSet',
        ),
      );
      await plane.client.delete(statefulSets, ref);
      await becomes('no pods', () => names(pods, namespace), '');
      await becomes('no claims', () => names(persistentVolumeClaims, namespace), '');
      await becomes('no revisions', () => names(controllerRevisions, namespace), '');
    });
  });

  describe('a DaemonSet', () => {
    const namespace = 'ds';
    const ref = { name: 'agent', namespace };
    const onNodes = async (): Promise<string> =>
      (await list(pods, namespace))
        .filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp)
        .map(({ spec }) => `${spec?.nodeName} ${spec?.containers[0]?.image}`)
        .sort()
        .join(', ');
    const status = async (): Promise<string> => {
      const { metadata, status: counts } = await plane.client.get(daemonSets, ref);
      if (counts?.observedGeneration !== metadata.generation) return 'not seen';
      const { desiredNumberScheduled, updatedNumberScheduled, numberAvailable } = counts!;
      return `${desiredNumberScheduled}/${updatedNumberScheduled ?? 0}/${numberAvailable ?? 0}`;
    };
    const setNode = async (change: (node: Stored<KubeObject>) => object): Promise<void> => {
      const node = await plane.client.get(nodes, { name: 'c' });
      await plane.client.update(nodes, { ...node, ...change(node) });
    };
    before(async () => {
      await makeNamespace(namespace);
      await plane.client.create(
        daemonSets,
        { metadata: { name: 'agent' }, spec: { selector, template: templateOf('nginx:1') } },
        namespace,
      );
    });

    it('has a pod on each node, and on a cordoned one too', async () => {
      await setNode(() => ({ spec: { unschedulable: true } }));
      await becomes('three pods', onNodes, 'a nginx:1, b nginx:1, c nginx:1');
      await becomes('its status', status, '3/3/3');
      await setNode(() => ({ spec: {} }));
    });

    it('follows the nodes', async () => {
      await setNode(() => ({ spec: { taints: [{ key: 'gpu', effect: 'NoExecute' }] } }));
      await becomes('two pods', onNodes, 'a nginx:1, b nginx:1');
      await setNode(() => ({ spec: {} }));
      await becomes('three pods', onNodes, 'a nginx:1, b nginx:1, c nginx:1');
    });

    it('rolls a new template out, and back', async () => {
      await plane.client.patch(daemonSets, ref, { spec: { template: templateOf('nginx:2') } }, MERGE);
      await becomes('new pods', onNodes, 'a nginx:2, b nginx:2, c nginx:2');
      await becomes('its status', status, '3/3/3');
      const revisions = await list(controllerRevisions, namespace);
      assert.deepEqual(numbersOf(revisions), [1, 2]);
      const first = revisions.find(({ revision }) => revision === 1)!;
      await plane.client.patch(daemonSets, ref, first.data, MERGE);
      await becomes('old pods', onNodes, 'a nginx:1, b nginx:1, c nginx:1');
    });

    it('surges where it shall: the new pod first', async () => {
      const updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      await plane.client.patch(
        daemonSets,
        ref,
        { spec: { template: templateOf('nginx:3'), updateStrategy } },
        MERGE,
      );
      await becomes('new pods', onNodes, 'a nginx:3, b nginx:3, c nginx:3');
    });

    it('waits for deletions with OnDelete', async () => {
      const updateStrategy = { type: 'OnDelete', rollingUpdate: null };
      await plane.client.patch(
        daemonSets,
        ref,
        { spec: { template: templateOf('nginx:4'), updateStrategy } },
        MERGE,
      );
      await becomes('its status', status, '3/0/3');
      const onA = (await list(pods, namespace)).find(({ spec }) => spec?.nodeName === 'a')!;
      await plane.client.delete(pods, onA.metadata);
      await becomes('one new pod', onNodes, 'a nginx:4, b nginx:3, c nginx:3');
    });
  });

  it('a ReplicationController keeps its number of pods', async () => {
    await makeNamespace('rc');
    await plane.client.create(
      replicationControllers,
      { metadata: { name: 'old' }, spec: { replicas: 2, template: templateOf() } },
      'rc',
    );
    const counts = async (): Promise<string> => {
      const { status } = await plane.client.get(replicationControllers, { name: 'old', namespace: 'rc' });
      return `${status?.replicas}/${status?.readyReplicas}`;
    };
    await becomes('two pods', counts, '2/2');
    const [pod] = await list(pods, 'rc');
    await plane.client.delete(pods, pod!.metadata);
    await eventually('another one', async () => {
      const present = await list(pods, 'rc');
      return present.length === 2 && present.every(({ metadata }) => metadata.uid !== pod!.metadata.uid);
    });
  });

  it('nothing was logged as an error', () => assert.deepEqual(plane.complaints, []));
});
