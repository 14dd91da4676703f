import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JobLab } from '../../../test/support/job-lab.ts';
import type { JobSpec } from '../../k8s/generated/types.ts';
import { failuresBefore } from './pods.ts';

describe('a pod failure policy', () => {
  const onExit = (action: string, values: readonly number[]): Partial<JobSpec> => ({
    podReplacementPolicy: 'Failed',
    podFailurePolicy: { rules: [{ action, onExitCodes: { operator: 'In', values } }] },
  });
  it('ends the Job', () => {
    const lab = new JobLab(onExit('FailJob', [42])).settle();
    lab.end('Failed', lab.pods[0], 42).settle();
    const [target] = lab.job.status!.conditions!;
    assert.equal(
      target?.message,
      'Container c for pod ns/pod-0 failed with exit code 42 matching FailJob rule at index 0',
    );
    assert.match(lab.conditions(), /Failed PodFailurePolicy/);
  });
  it('lets a failure not count', () => {
    const lab = new JobLab({ ...onExit('Ignore', [42]), backoffLimit: 0 }).settle();
    lab.end('Failed', lab.pods[0], 42).settle();
    assert.equal(lab.counts(), '0 active, 0 succeeded, 0 failed', 'it is waited for all the same');
    lab.wait(10).settle();
    assert.equal(lab.counts(), '1 active, 0 succeeded, 0 failed');
    lab.end('Failed', lab.active()[0], 1).settle();
    assert.match(lab.conditions(), /Failed BackoffLimitExceeded/);
  });
  it('gives up on an index at once', () => {
    const lab = new JobLab({
      ...onExit('FailIndex', [42]),
      completionMode: 'Indexed',
      parallelism: 2,
      completions: 2,
      backoffLimitPerIndex: 5,
      backoffLimit: 2 ** 31 - 1,
    }).settle();
    lab.end('Failed', lab.pods[0], 42).settle().wait(1000).settle();
    assert.equal(lab.indexes(), '1');
    assert.equal(lab.job.status?.failedIndexes, '0');
  });

  it('does not count what it ignores towards the limit of an index, but waits for it', () => {
    const lab = new JobLab({
      ...onExit('Ignore', [42]),
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
      backoffLimit: 2 ** 31 - 1,
    }).settle();
    lab.end('Failed', lab.pods[0], 42).settle().wait(10).settle();
    assert.equal(lab.indexes(), '0');
    assert.deepEqual(failuresBefore(lab.active()[0]!), { counted: 0, ignored: 1 });
    lab.end('Failed', lab.active()[0], 42).settle().wait(10).settle();
    assert.equal(lab.indexes(), '', 'twice as long the second time');
    lab.wait(10).settle().end('Failed', lab.active()[0], 1).settle();
    assert.match(lab.conditions(), /Failed FailedIndexes/);
  });
});

describe('a rule about a condition', () => {
  const disrupted = (lab: JobLab): JobLab => {
    const conditions = [{ type: 'DisruptionTarget', status: 'True' }];
    lab.pods = lab.pods.map((pod) => ({ ...pod, status: { phase: 'Failed', conditions } }));
    return lab.settle();
  };
  const onDisruption = (action: string): JobLab =>
    new JobLab({
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [
          { action, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [0] } },
        ],
      },
    }).settle();

  it('lets a disruption not count', () => {
    assert.equal(disrupted(onDisruption('Ignore')).conditions(), '');
  });
  it('counts it, and asks no later rule', () => {
    assert.match(disrupted(onDisruption('Count')).conditions(), /Failed BackoffLimitExceeded/);
  });
  it('fails the Job, and says which pod', () => {
    const lab = disrupted(onDisruption('FailJob'));
    const message = 'Pod ns/pod-0 has condition DisruptionTarget matching FailJob rule at index 0';
    assert.equal(lab.job.status?.conditions?.[0]?.message, message);
  });
});

describe('podReplacementPolicy', () => {
  it('Failed waits until a pod that is deleted has really ended', () => {
    const lab = new JobLab({ podReplacementPolicy: 'Failed' }).settle();
    const [pod] = lab.pods;
    lab.delete(pod!).settle().wait(100).settle();
    assert.equal(lab.pods.length, 1);
    assert.equal(lab.job.status?.terminating, 1);
    lab.end('Failed', lab.pods[0]).settle().wait(10).settle();
    assert.equal(lab.counts(), '1 active, 0 succeeded, 1 failed');
  });
});
