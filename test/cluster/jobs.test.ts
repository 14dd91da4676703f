// Jobs and CronJobs as people use them: kubectl, in two versions, against a whole cluster with real processes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import { KUBECTL_VERSIONS, type TestCluster, startTestCluster } from '../support/test-cluster.ts';

const sorted = (text: string): readonly string[] => text.trim().split('\n').toSorted();

/** A Job of busybox; `spec`: more of it, as YAML in braces. */
const jobOf = (name: string, script: string, spec = ''): string => `apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec: { ${spec} template: { spec: { terminationGracePeriodSeconds: 1, restartPolicy: Never,
  containers: [{ name: c, image: busybox, command: [sh, -c, '${script}'] }] } } }
`;

describe('kubectl with Jobs', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('jobs', { nodes: 2 });
  });
  after(() => cluster?.down());

  for (const version of KUBECTL_VERSIONS) {
    describe(version, () => {
      const namespace = `v${version.replace('.', '-')}`;
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const options = { version, ...(input === undefined ? {} : { input }) };
        const { code, stdout, stderr } = await cluster.tryKubectl(['-n', namespace, ...args], options);
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const apply = (yaml: string): Promise<string> => kubectl(['apply', '-f', '-'], yaml);
      const waitFor = (what: string, condition: string): Promise<string> =>
        kubectl(['wait', what, `--for=condition=${condition}`, '--timeout=60s']);
      const read = (what: string, path: string): Promise<string> =>
        kubectl(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);

      before(() => cluster.kubectl(['create', 'namespace', namespace]));

      it('create job, wait, logs, get, describe', async () => {
        assert.equal(
          await kubectl(['create', 'job', 'hello', '--image=busybox', '--', 'echo', 'hi']),
          'job.batch/hello created\n',
        );
        assert.match(await waitFor('job/hello', 'complete'), /condition met/);
        assert.equal(await kubectl(['logs', 'job/hello']), 'hi\n');
        assert.match(await kubectl(['get', 'job', 'hello']), /hello +Complete +1\/1 +\d+s +\d+s/);
        const text = await kubectl(['describe', 'job', 'hello']);
        assert.match(text, /Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
        await eventually('its events', async () =>
          /Normal +SuccessfulCreate[^\n]*Created pod: hello-[\s\S]*Normal +Completed[^\n]*Job completed/.test(
            await kubectl(['describe', 'job', 'hello']),
          ),
        );
      });

      it('a Job that fails says why', async () => {
        await apply(jobOf('bad', 'exit 3', 'backoffLimit: 0,'));
        await waitFor('job/bad', 'failed');
        assert.match(await kubectl(['get', 'job', 'bad']), /bad +Failed +0\/1/);
        const message = /BackoffLimitExceeded[^\n]*Job has reached the specified backoff limit/;
        await eventually('its event', async () => message.test(await kubectl(['describe', 'job', 'bad'])));
      });

      it('a Job whose policy knows the exit code fails at once', async () => {
        const rule = '{ action: FailJob, onExitCodes: { operator: In, values: [42] } }';
        await apply(jobOf('fatal', 'exit 42', `podFailurePolicy: { rules: [${rule}] },`));
        await waitFor('job/fatal', 'failed');
        assert.match(
          await read('job fatal', '{.status.conditions[?(@.type=="Failed")].message}'),
          new RegExp(
            `^Container c for pod ${namespace}/fatal-\\w+ failed with exit code 42 matching FailJob rule`,
          ),
        );
        assert.equal(await read('job fatal', '{.status.failed}'), '1');
      });

      it('a Job tries again', async () => {
        await apply(jobOf('again', 'exit 1', 'backoffLimit: 1,'));
        await eventually(
          'the first failure',
          async () => (await read('job again', '{.status.failed}')) === '1',
        );
        await waitFor('job/again', 'failed');
        assert.equal(await read('job again', '{.status.failed}'), '2');
      });

      it('an Indexed Job tells each pod its index', async () => {
        const indexes = 'completionMode: Indexed, completions: 3, parallelism: 3,';
        await apply(jobOf('indexed', 'echo $JOB_COMPLETION_INDEX $(hostname)', indexes));
        await waitFor('job/indexed', 'complete');
        assert.equal(await read('job indexed', '{.status.completedIndexes}'), '0-2');
        assert.deepEqual(sorted(await kubectl(['logs', '-l', 'batch.kubernetes.io/job-name=indexed'])), [
          '0 indexed-0',
          '1 indexed-1',
          '2 indexed-2',
        ]);
      });

      it('suspend, resume, and delete with and without the pods', async () => {
        await apply(jobOf('long', 'sleep 600', 'suspend: true,'));
        await waitFor('job/long', 'suspended');
        const suspend = (value: boolean): Promise<string> =>
          kubectl(['patch', 'job', 'long', '-p', JSON.stringify({ spec: { suspend: value } })]);
        await suspend(false);
        const pods = (): Promise<string> => kubectl(['get', 'pods', '-l', 'job-name=long', '-o', 'name']);
        await eventually('it runs', async () => (await read('job long', '{.status.ready}')) === '1');
        await suspend(true);
        await eventually('its pod is gone', async () => (await pods()) === '');
        await suspend(false);
        await eventually('it runs again', async () => (await read('job long', '{.status.ready}')) === '1');
        await kubectl(['delete', 'job', 'long', '--cascade=orphan']);
        const finalizers = '{.items[0].metadata.finalizers}';
        await eventually(
          'the pod is free',
          async () => (await read('pods -l job-name=long', finalizers)) === '',
        );
        assert.match(await pods(), /^pod\/long-/);
        await kubectl(['delete', 'pods', '-l', 'job-name=long']);
        await apply(jobOf('long', 'sleep 600'));
        await eventually('another one runs', async () => (await read('job long', '{.status.ready}')) === '1');
        await kubectl(['delete', 'job', 'long', '--cascade=foreground']);
        assert.equal(await pods(), '');
      });

      it('create cronjob, create job --from, describe, suspend, delete', async () => {
        const create = (name: string, schedule: string): Promise<string> =>
          kubectl([
            'create',
            'cronjob',
            name,
            '--image=busybox',
            `--schedule=${schedule}`,
            '--',
            'echo',
            'tick',
          ]);
        assert.equal(await create('yearly', '0 0 1 1 *'), 'cronjob.batch/yearly created\n');
        assert.match(await kubectl(['get', 'cronjob']), /yearly +0 0 1 1 \* +<none> +False +0 +<none> +\d+s/);
        await kubectl(['create', 'job', 'by-hand', '--from=cronjob/yearly']);
        await waitFor('job/by-hand', 'complete');
        assert.equal(await kubectl(['logs', 'job/by-hand']), 'tick\n');
        await kubectl(['patch', 'cronjob', 'yearly', '-p', '{"spec":{"suspend":true}}']);
        assert.match(await kubectl(['describe', 'cronjob', 'yearly']), /Suspend: +True/);
        await kubectl(['delete', 'cronjob', 'yearly']);
        await eventually(
          'its Job is gone',
          async () => !(await kubectl(['get', 'jobs'])).includes('by-hand'),
        );
        const { stderr } = await cluster.tryKubectl(
          ['-n', namespace, 'create', 'cronjob', 'odd', '--image=busybox', '--schedule=* * *'],
          { version },
        );
        assert.match(stderr, /spec.schedule: Invalid value: "\* \* \*": expected exactly 5 fields, found 3/);
      });

      it('a CronJob runs by itself', async () => {
        const name = 'often';
        await kubectl([
          'create',
          'cronjob',
          name,
          '--image=busybox',
          '--schedule=@every 1s',
          '--',
          'echo',
          'tick',
        ]);
        await eventually(
          'it has succeeded',
          async () => (await read(`cronjob ${name}`, '{.status.lastSuccessfulTime}')) !== '',
        );
        const text = await kubectl(['describe', 'cronjob', name]);
        assert.match(text, /SuccessfulCreate[^\n]*Created job often-\d+/);
        assert.match(await kubectl(['get', 'jobs']), /often-\d+ +Complete +1\/1/);
        await kubectl(['delete', 'cronjob', name]);
      });
    });
  }
});
