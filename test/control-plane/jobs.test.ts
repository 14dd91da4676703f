// Jobs and CronJobs on the real API, with pods that end as their annotation says.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Job, JobSpec, Pod } from '../../src/k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { type Resource, events, jobs, namespaces, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { eventually } from '../support/poll.ts';
import { ENDS, type TestControlPlane, startTestControlPlane } from '../support/test-control-plane.ts';

const MERGE = { type: 'application/merge-patch+json' } as const;
const TRACKING = 'batch.kubernetes.io/job-tracking';

const POD_SPEC = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] };

type Phase = 'Succeeded' | 'Failed' | undefined;

describe('the Job controller', () => {
  let plane: TestControlPlane;
  before(async () => {
    plane = await startTestControlPlane(['a', 'b']);
  });
  after(() => plane?.stop());

  const makeNamespace = async (name: string): Promise<void> => {
    await plane.client.create(namespaces, { metadata: { name } });
    await eventually('it has its ServiceAccount', async () => {
      const { items } = await plane.client.list(serviceAccounts, { namespace: name });
      return items.length === 1;
    });
  };
  /** A namespace for one Job of the name `j`, whose pods end in `phase`, or run on. */
  const makeJob = async (namespace: string, phase: Phase, spec: Partial<JobSpec> = {}): Promise<void> => {
    await makeNamespace(namespace);
    const template = { metadata: phase ? { annotations: { [ENDS]: phase } } : {}, spec: POD_SPEC };
    await plane.client.create(jobs, { metadata: { name: 'j' }, spec: { template, ...spec } }, namespace);
  };
  const jobIn = (namespace: string): Promise<Stored<Job>> => plane.client.get(jobs, { name: 'j', namespace });
  const list = async <T extends KubeObject>(resource: Resource<T>, namespace: string) =>
    (await plane.client.list(resource, { namespace })).items;
  const podsIn = (namespace: string): Promise<readonly Stored<Pod>[]> => list(pods, namespace);
  const conditions = async (namespace: string): Promise<string> =>
    ((await jobIn(namespace)).status?.conditions ?? [])
      .map(({ type, status, reason }) => `${type}=${status} ${reason}`)
      .join(', ');
  const becomes = (what: string, is: () => Promise<unknown>, wanted: unknown): Promise<unknown> =>
    eventually(what, async () => (await is()) === wanted || undefined, 10_000);
  const eventsIn = async (namespace: string): Promise<readonly (string | undefined)[]> =>
    (await list(events, namespace))
      .filter(({ involvedObject }) => involvedObject.kind === 'Job')
      .map(({ reason }) => reason);

  it('counts its pods and completes', async () => {
    await makeJob('done', 'Succeeded', { completions: 3, parallelism: 2 });
    const wanted = 'SuccessCriteriaMet=True CompletionsReached, Complete=True CompletionsReached';
    await becomes('it completes', () => conditions('done'), wanted);
    const { status } = await jobIn('done');
    assert.equal(status?.succeeded, 3);
    assert.deepEqual(status?.uncountedTerminatedPods ?? {}, {});
    assert.ok(status?.completionTime);
    const made = await podsIn('done');
    assert.equal(made.length, 3);
    assert.ok(made.every(({ metadata }) => !metadata.finalizers?.length));
    assert.ok(made.every(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === 'j'));
    await eventually('it says so', async () => (await eventsIn('done')).includes('Completed'));
    assert.equal((await eventsIn('done')).filter((reason) => reason === 'SuccessfulCreate').length, 3);
  });

  it('gives each pod its index', async () => {
    await makeJob('indexed', 'Succeeded', { completionMode: 'Indexed', completions: 3, parallelism: 3 });
    await becomes('all are done', async () => (await jobIn('indexed')).status?.completedIndexes, '0-2');
    const hosts = (await podsIn('indexed'))
      .map(({ spec }) => spec?.hostname ?? '')
      .toSorted((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(hosts, ['j-0', 'j-1', 'j-2']);
  });

  it('fails at its limit, and says why', async () => {
    await makeJob('failed', 'Failed', { backoffLimit: 0 });
    const wanted = 'FailureTarget=True BackoffLimitExceeded, Failed=True BackoffLimitExceeded';
    await becomes('it fails', () => conditions('failed'), wanted);
    assert.equal((await jobIn('failed')).status?.failed, 1);
    await eventually('it says so', async () => (await eventsIn('failed')).includes('BackoffLimitExceeded'));
  });

  it('ends at its deadline, with its pods', async () => {
    await makeJob('late', undefined, { activeDeadlineSeconds: 1, parallelism: 2 });
    await eventually(
      'it fails',
      async () => (await conditions('late')).includes('Failed=True DeadlineExceeded'),
      10_000,
    );
    await becomes('its pods are gone', async () => (await podsIn('late')).length, 0);
    assert.equal((await jobIn('late')).status?.failed, 2);
  });

  it('suspends and resumes', async () => {
    await makeJob('paused', undefined, { suspend: true });
    await becomes('it is suspended', () => conditions('paused'), 'Suspended=True JobSuspended');
    assert.equal((await podsIn('paused')).length, 0);
    const suspend = (value: boolean): Promise<unknown> =>
      plane.client.patch(jobs, { name: 'j', namespace: 'paused' }, { spec: { suspend: value } }, MERGE);
    await suspend(false);
    await becomes('it runs', async () => (await jobIn('paused')).status?.ready, 1);
    assert.equal(await conditions('paused'), 'Suspended=False JobResumed');
    await suspend(true);
    await becomes('its pod is gone', async () => (await podsIn('paused')).length, 0);
    assert.equal((await jobIn('paused')).status?.failed ?? 0, 0);
  });

  it('counts a pod that somebody deletes', async () => {
    await makeJob('deleted', undefined);
    await becomes('it runs', async () => (await jobIn('deleted')).status?.ready, 1);
    const [pod] = await podsIn('deleted');
    await plane.client.delete(pods, pod!.metadata);
    await becomes('it is counted', async () => (await jobIn('deleted')).status?.failed, 1);
  });

  it('goes some time after its end, with its pods', async () => {
    await makeJob('expiring', 'Succeeded', { ttlSecondsAfterFinished: 0 });
    await becomes('it is gone', async () => (await list(jobs, 'expiring')).length, 0);
    await becomes('its pods too', async () => (await podsIn('expiring')).length, 0);
  });

  for (const propagationPolicy of ['Background', 'Foreground'] as const)
    it(`takes its running pods with it: ${propagationPolicy}`, async () => {
      const namespace = propagationPolicy.toLowerCase();
      await makeJob(namespace, undefined, { parallelism: 2 });
      await becomes('it runs', async () => (await jobIn(namespace)).status?.ready, 2);
      await plane.client.delete(jobs, { name: 'j', namespace }, { propagationPolicy });
      await becomes('it is gone', async () => (await list(jobs, namespace)).length, 0);
      await becomes('its pods too', async () => (await podsIn(namespace)).length, 0);
    });

  it('lets its pods go when they shall outlive it', async () => {
    await makeJob('orphaned', undefined);
    await becomes('it runs', async () => (await jobIn('orphaned')).status?.ready, 1);
    assert.deepEqual((await podsIn('orphaned'))[0]?.metadata.finalizers, [TRACKING]);
    const ref = { name: 'j', namespace: 'orphaned' };
    await plane.client.delete(jobs, ref, { propagationPolicy: 'Orphan' });
    await eventually('the pod is free', async () => {
      const [pod] = await podsIn('orphaned');
      return !pod?.metadata.finalizers?.length && !pod?.metadata.ownerReferences?.length;
    });
  });

  it('adopts a pod with its labels instead of making one, and counts it', async () => {
    const namespace = 'adopting';
    const labels = { app: 'mine' };
    await makeNamespace(namespace);
    await plane.client.create(pods, { metadata: { name: 'stray', labels }, spec: POD_SPEC }, namespace);
    await plane.client.create(
      jobs,
      {
        metadata: { name: 'j' },
        spec: {
          manualSelector: true,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: POD_SPEC },
        },
      },
      namespace,
    );
    await becomes('it runs', async () => (await jobIn(namespace)).status?.ready, 1);
    const [pod, ...more] = await podsIn(namespace);
    assert.deepEqual([pod?.metadata.name, pod?.metadata.finalizers, more.length], ['stray', [TRACKING], 0]);
    await plane.client.updateStatus(pods, { ...pod!, status: { ...pod!.status, phase: 'Succeeded' } });
    await becomes('it is counted', async () => (await jobIn(namespace)).status?.succeeded, 1);
  });

  it('leaves a Job to whom it says that it belongs', async () => {
    await makeJob('elsewhere', 'Succeeded', { managedBy: 'example.com/queue' });
    await makeJob('here', 'Succeeded');
    await eventually('the other one completes', async () =>
      (await conditions('here')).includes('Complete=True'),
    );
    assert.equal((await podsIn('elsewhere')).length, 0);
    assert.equal((await jobIn('elsewhere')).status?.startTime, undefined);
  });

  it('nothing was logged as an error', () => assert.deepEqual(plane.complaints, []));
});
