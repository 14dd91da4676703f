import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { deploymentOf, podOf, templateOf } from '../../test/support/object-builders.ts';
import { startInformer } from '../informer/informer.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { DeploymentSpec } from '../k8s/generated/types.ts';
import { keyOf } from '../k8s/objects.ts';
import { isPodReady } from '../k8s/pod-state.ts';
import { deployments, events, nodes, pods, replicaSets } from '../k8s/resources.ts';
import { formatTime } from '../k8s/time.ts';
import { silentLog } from '../lang/log.ts';
import { startWorkloadInformers, startWorkloads, workloadIndexes } from './workloads.ts';

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

const start = (client = createFakeClient()) => {
  const clock = createFakeClock();
  const common = { client, clock, log: silentLog };
  const informers = {
    ...startWorkloadInformers((resource, indexes = {}) => startInformer({ ...common, resource, indexes })),
    nodes: startInformer({ ...common, resource: nodes }),
    pods: startInformer({ ...common, resource: pods, indexes: workloadIndexes.pods }),
  };
  running.push(startWorkloads({ ...common, ...informers }), ...Object.values(informers));

  const readyPods = (): void => {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(clock.now()) }];
    for (const pod of client.all(pods).filter((each) => !isPodReady(each)))
      client.put(pods, { ...pod, status: { phase: 'Running', conditions } });
  };
  return {
    client,
    clock,
    readyPods,
    /** Turns the clock until nothing changes any more, with every pod becoming ready. */
    converge: async (): Promise<void> => {
      for (let round = 0; round < 12; round++) {
        await clock.advance(100);
        readyPods();
      }
      await clock.advance(100);
    },
    apply: (spec: Partial<DeploymentSpec>) => {
      const before = client.all(deployments)[0];
      const generation = (before?.metadata.generation ?? 0) + 1;
      const wanted = deploymentOf(spec);
      client.put(deployments, {
        ...before,
        ...wanted,
        metadata: { ...before?.metadata, ...wanted.metadata, generation },
      });
    },
    status: () => client.all(deployments)[0]!.status!,
    condition: (type: string): string => {
      const found = client.all(deployments)[0]?.status?.conditions?.find((each) => each.type === type);
      return found ? `${found.status} ${found.reason}: ${found.message}` : 'none';
    },
    sets: (): string[] =>
      client
        .all(replicaSets)
        .map(({ metadata, spec, status }) => {
          const revision = metadata.annotations?.['deployment.kubernetes.io/revision'];
          const image = spec?.template?.spec?.containers[0]?.image;
          return `r${revision} ${image} ${spec?.replicas}/${status?.readyReplicas}`;
        })
        .sort(),
    events: (): string[] => client.all(events).map(({ reason, message }) => `${reason}: ${message}`),
  };
};

describe('startWorkloads()', () => {
  it('makes a ReplicaSet and pods, as Kubernetes names and labels them', async () => {
    const cluster = start();
    cluster.apply({});
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 3/3']);
    const [set] = cluster.client.all(replicaSets);
    const hash = set!.metadata.labels!['pod-template-hash']!;
    assert.match(set!.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    assert.equal(set!.metadata.name, `web-${hash}`);
    assert.equal(set!.spec?.selector.matchLabels?.['pod-template-hash'], hash);
    const [pod] = cluster.client.all(pods);
    assert.deepEqual(pod!.metadata.labels, { app: 'web', 'pod-template-hash': hash });
    assert.equal(pod!.metadata.ownerReferences?.[0]?.uid, set!.metadata.uid);
    assert.ok(cluster.events().includes(`ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`));
    assert.ok(cluster.events().includes(`SuccessfulCreate: Created pod: ${pod!.metadata.name}`));
  });

  it('reports the status that kubectl rollout status waits for', async () => {
    const cluster = start();
    cluster.apply({});
    await cluster.clock.advance(100);
    const [set] = cluster.client.all(replicaSets);
    assert.equal(
      cluster.condition('Available'),
      'False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
    );
    assert.match(cluster.condition('Progressing'), /^True (NewReplicaSetCreated|ReplicaSetUpdated): /);
    await cluster.converge();
    const { conditions: _, ...counts } = cluster.status();
    assert.deepEqual(counts, {
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 0,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    assert.equal(
      cluster.condition('Available'),
      'True MinimumReplicasAvailable: Deployment has minimum availability.',
    );
    assert.equal(
      cluster.condition('Progressing'),
      `True NewReplicaSetAvailable: ReplicaSet "${set!.metadata.name}" has successfully progressed.`,
    );
  });

  it('rolls out a new template, and back to the old one by its template', async () => {
    const cluster = start();
    cluster.apply({});
    await cluster.converge();
    cluster.apply({ template: templateOf('nginx:2') });
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 0/0', 'r2 nginx:2 3/3']);
    cluster.apply({ template: templateOf('nginx:1') });
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r2 nginx:2 0/0', 'r3 nginx:1 3/3']);
    const history = cluster.client
      .all(replicaSets)
      .map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision-history']);
    assert.deepEqual(history, ['1', undefined]);
    const [deployment] = cluster.client.all(deployments);
    assert.equal(deployment!.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  });

  it('recreates: no new pod before the last old one is gone', async () => {
    const cluster = start();
    cluster.apply({ strategy: { type: 'Recreate' } });
    await cluster.converge();
    for (const pod of cluster.client.all(pods))
      cluster.client.put(pods, { ...pod, metadata: { ...pod.metadata, finalizers: ['test/hold'] } });
    cluster.apply({ strategy: { type: 'Recreate' }, template: templateOf('nginx:2') });
    await cluster.clock.advance(1000);
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 0/0']);
    for (const pod of cluster.client.all(pods)) cluster.client.remove(pods, keyOf(pod));
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 0/0', 'r2 nginx:2 3/3']);
  });

  it('says when a rollout makes no progress', async () => {
    const cluster = start();
    cluster.apply({ progressDeadlineSeconds: 60 });
    await cluster.clock.advance(59_000);
    assert.match(cluster.condition('Progressing'), /^True /);
    await cluster.clock.advance(5_000);
    const [set] = cluster.client.all(replicaSets);
    assert.equal(
      cluster.condition('Progressing'),
      `False ProgressDeadlineExceeded: ReplicaSet "${set!.metadata.name}" has timed out progressing.`,
    );
  });

  it('counts a pod as available only after minReadySeconds', async () => {
    const cluster = start();
    cluster.apply({ replicas: 1, minReadySeconds: 10 });
    await cluster.clock.advance(100);
    cluster.readyPods();
    await cluster.clock.advance(5_000);
    assert.equal(cluster.status().availableReplicas, 0);
    await cluster.clock.advance(6_000);
    assert.equal(cluster.status().availableReplicas, 1);
  });

  it('does not roll out while paused, and says so', async () => {
    const cluster = start();
    cluster.apply({});
    await cluster.converge();
    cluster.apply({ paused: true, template: templateOf('nginx:2'), replicas: 5 });
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 5/5']);
    assert.equal(cluster.condition('Progressing'), 'Unknown DeploymentPaused: Deployment is paused');
    cluster.apply({ template: templateOf('nginx:2'), replicas: 5 });
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 0/0', 'r2 nginx:2 5/5']);
  });

  it('replaces a pod that was deleted, releases one that was relabelled and adopts one that matches', async () => {
    const cluster = start();
    cluster.apply({});
    await cluster.converge();
    const [set] = cluster.client.all(replicaSets);
    const [first, second] = cluster.client.all(pods);
    cluster.client.remove(pods, keyOf(first!));
    cluster.client.put(pods, { ...second!, metadata: { ...second!.metadata, labels: { app: 'other' } } });
    await cluster.converge();
    assert.equal(cluster.client.all(pods).length, 4);
    const released = cluster.client.all(pods).find(({ metadata }) => metadata.uid === second!.metadata.uid);
    assert.deepEqual(released?.metadata.ownerReferences, []);
    cluster.client.put(pods, podOf('stray', {}, set!.spec!.selector.matchLabels));
    await cluster.converge();
    const owned = cluster.client
      .all(pods)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set!.metadata.uid));
    assert.equal(owned.length, 3, 'one too many was adopted, and one was deleted for it');
  });

  it('shows why pods cannot be created, and tries again', async () => {
    const cluster = start();
    for (let i = 0; i < 3; i++)
      cluster.client.failNext('create', new ApiError(failure(403, 'Forbidden', 'pods "web" is forbidden')));
    cluster.apply({ replicas: 1 });
    await cluster.clock.advance(5);
    assert.equal(cluster.condition('Progressing').split(':')[0], 'False ReplicaSetCreateError');
    await cluster.converge();
    assert.deepEqual(cluster.sets(), ['r1 nginx:1 1/1']);
    assert.equal(cluster.condition('ReplicaFailure'), 'none');
  });

  it('never makes more pods than wanted, however late its cache is', async () => {
    const cluster = start();
    cluster.apply({ replicas: 30 });
    for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
    const created = cluster.client.calls.filter(
      ({ verb, resource }) => verb === 'create' && resource === 'pods',
    );
    assert.equal(created.length, 30);
    await cluster.converge();
    assert.equal(cluster.client.all(pods).length, 30);
  });
});
