import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JobLab, jobOf } from '../../../test/support/job-lab.ts';
import { TRACKING_FINALIZER } from './pods.ts';

describe('a Job', () => {
  it('makes its pod, counts it and completes', () => {
    const lab = new JobLab().settle();
    assert.deepEqual(lab.pods[0]!.metadata.finalizers, [TRACKING_FINALIZER]);
    assert.equal(lab.counts(), '1 active, 0 succeeded, 0 failed');
    lab.end('Succeeded').settle();
    assert.equal(lab.counts(), '0 active, 1 succeeded, 0 failed');
    assert.equal(lab.conditions(), 'SuccessCriteriaMet CompletionsReached, Complete CompletionsReached');
    assert.deepEqual(lab.job.status?.uncountedTerminatedPods, {});
    assert.equal(lab.job.status?.completionTime, '2026-01-01T12:00:00Z');
    assert.deepEqual(lab.pods[0]!.metadata.finalizers, []);
  });

  it('names a pod in its status before it lets go of it', () => {
    const lab = new JobLab().settle().end('Succeeded');
    const plan = lab.step();
    assert.deepEqual(plan.status.uncountedTerminatedPods, { succeeded: ['pod-0'] });
    assert.equal(plan.status.succeeded, 0);
    assert.equal(plan.release.length, 1);
    assert.equal(lab.step().status.succeeded, 1);
  });

  it('runs as many as it may, up to its completions', () => {
    const lab = new JobLab({ parallelism: 2, completions: 5 }).settle();
    for (const expected of [2, 2, 2, 2, 1]) {
      assert.equal(lab.active().length, expected);
      lab.end('Succeeded').settle();
    }
    assert.match(lab.conditions(), /Complete/);
    assert.equal(lab.job.status?.succeeded, 5);
  });

  it('without completions is done when one has succeeded and the others have ended', () => {
    const { completions: _, ...spec } = jobOf({ parallelism: 3 }).spec!;
    const lab = new JobLab();
    lab.job = { ...lab.job, spec };
    lab.settle().end('Succeeded').settle();
    assert.equal(lab.counts(), '2 active, 1 succeeded, 0 failed');
    lab.end('Succeeded').end('Succeeded').settle();
    assert.match(lab.conditions(), /Complete/);
  });

  it('follows parallelism up and down', () => {
    const lab = new JobLab({ parallelism: 1, completions: 9 }).settle();
    assert.equal(lab.change({ parallelism: 4 }).settle().active().length, 4);
    assert.equal(lab.change({ parallelism: 2 }).settle().active().length, 2);
    assert.equal(lab.counts(), '2 active, 0 succeeded, 0 failed');
  });

  it('tries again ever more slowly, and gives up at its limit', () => {
    const lab = new JobLab({ backoffLimit: 2 }).settle();
    const waits: number[] = [];
    for (let failures = 0; failures < 3; failures++) {
      lab.end('Failed').settle();
      let waited = 0;
      while (lab.active().length === 0 && waited < 100) {
        lab.wait(1).settle();
        waited++;
      }
      waits.push(waited);
    }
    assert.deepEqual(waits, [10, 20, 100]);
    assert.equal(lab.conditions(), 'FailureTarget BackoffLimitExceeded, Failed BackoffLimitExceeded');
    assert.equal(lab.counts(), '0 active, 0 succeeded, 3 failed');
  });

  it('ends what runs when it fails, and counts it', () => {
    const lab = new JobLab({ parallelism: 3, completions: 3, backoffLimit: 0 }).settle();
    lab.end('Failed').settle();
    assert.equal(lab.active().length, 0);
    assert.equal(lab.conditions(), 'FailureTarget BackoffLimitExceeded, Failed BackoffLimitExceeded');
    assert.equal(lab.counts(), '0 active, 0 succeeded, 3 failed');
  });

  it('has until its deadline', () => {
    const lab = new JobLab({ activeDeadlineSeconds: 30 }).settle().wait(29).settle();
    assert.equal(lab.conditions(), '');
    assert.match(lab.wait(1).settle().conditions(), /Failed DeadlineExceeded/);
  });

  it('suspends and resumes', () => {
    const lab = new JobLab({ suspend: true }).settle();
    assert.equal(lab.pods.length, 0);
    assert.equal(lab.conditions(), 'Suspended JobSuspended');
    assert.equal(lab.job.status?.startTime, undefined);
    lab.wait(60).change({ suspend: false }).settle();
    assert.equal(lab.conditions(), 'Suspended=False JobResumed');
    assert.equal(lab.job.status?.startTime, '2026-01-01T12:01:00Z');
    lab.change({ suspend: true }).settle();
    assert.equal(lab.active().length, 0);
    assert.equal(lab.counts(), '0 active, 0 succeeded, 0 failed');
  });

  it('counts the restarts of containers that are tried again in place', () => {
    const template = { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'i' }] } };
    const lab = new JobLab({ template, backoffLimit: 3 }).settle();
    const restarted = (restartCount: number): void => {
      const containerStatuses = [{ name: 'c', image: '', imageID: '', ready: true, restartCount }];
      lab.pods = [{ ...lab.pods[0]!, status: { phase: 'Running', containerStatuses } }];
      lab.settle();
    };
    restarted(2);
    assert.equal(lab.conditions(), '');
    restarted(3);
    assert.match(lab.conditions(), /Failed BackoffLimitExceeded/);
  });

  it('replaces a pod that somebody deletes, and counts it as failed', () => {
    const lab = new JobLab().settle();
    lab.delete(lab.pods[0]!).settle();
    assert.equal(lab.job.status?.failed, 1);
    assert.equal(lab.job.status?.terminating, 1);
    assert.equal(lab.wait(10).settle().active().length, 2); // the one that is leaving, and its replacement
  });
});

it('a Job ends, having counted each pod once, however its pods end and whoever deletes them', () => {
  const event = fc.record({
    pod: fc.nat(5),
    what: fc.constantFrom('Succeeded', 'Failed', 'deleted', 'wait', 'nothing') as fc.Arbitrary<string>,
    steps: fc.nat(2),
  });
  const spec = fc.record({
    parallelism: fc.integer({ min: 1, max: 4 }),
    completions: fc.integer({ min: 1, max: 6 }),
    completionMode: fc.constantFrom('Indexed', 'NonIndexed'),
    backoffLimit: fc.nat(3),
  });
  fc.assert(
    fc.property(spec, fc.array(event, { maxLength: 40 }), (drawn, events) => {
      const lab = new JobLab(drawn);
      const ended = { Succeeded: 0, failed: 0 };
      for (const { pod, what, steps } of events) {
        const active = lab.active().filter(({ metadata }) => !metadata.deletionTimestamp);
        const chosen = active[pod % Math.max(1, active.length)];
        if (what === 'wait') lab.wait(700);
        else if (chosen && (what === 'Succeeded' || what === 'Failed')) {
          lab.end(what, chosen);
          if (what === 'Succeeded') ended.Succeeded++;
          else ended.failed++;
        } else if (chosen && what === 'deleted') {
          lab.delete(chosen);
          ended.failed++;
        }
        for (let n = 0; n < steps; n++) lab.step();
        assert.ok(lab.active().length <= drawn.parallelism + ended.failed);
      }
      lab.settle();
      const { succeeded = 0, failed = 0 } = lab.job.status ?? {};
      assert.ok(succeeded <= ended.Succeeded);
      // A Job that has failed fails all that runs; one that has succeeded counts no more.
      if (!/FailureTarget|SuccessCriteriaMet/.test(lab.conditions())) {
        assert.equal(succeeded, ended.Succeeded);
        assert.equal(failed, ended.failed);
      }
      if (lab.conditions().includes('Complete')) assert.equal(succeeded >= drawn.completions, true);
      assert.deepEqual(lab.job.status?.uncountedTerminatedPods, {});
    }),
  );
});
