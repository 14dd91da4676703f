import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JobLab } from '../../../test/support/job-lab.ts';
import type { JobSpec } from '../../k8s/generated/types.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import { indexOf } from './pods.ts';

describe('an Indexed Job', () => {
  const indexed = (spec: Partial<JobSpec> = {}): JobLab =>
    new JobLab({ completionMode: 'Indexed', parallelism: 2, completions: 4, ...spec });

  it('does each index once, the lowest first', () => {
    const lab = indexed().settle();
    assert.equal(lab.indexes(), '0-1');
    const pod = lab.pods[1]!;
    assert.equal(pod.spec?.hostname, 'pi-1');
    assert.equal(pod.metadata.generateName, 'pi-1-');
    assert.equal(pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'], '1');
    assert.equal(pod.spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
    lab.end('Succeeded', pod).settle();
    assert.equal(lab.indexes(), '0,2');
    assert.equal(lab.job.status?.completedIndexes, '1');
    for (let round = 0; round < 3; round++) lab.end('Succeeded').settle();
    assert.equal(lab.job.status?.completedIndexes, '0-3');
    assert.match(lab.conditions(), /Complete/);
  });

  it('tries a failed index again', () => {
    const lab = indexed().settle();
    lab.end('Failed', lab.pods[0]).settle().wait(10).settle();
    assert.equal(lab.indexes(), '0-1');
    assert.equal(lab.job.status?.failed, 1);
  });

  it('gives up on an index by its own limit, and goes on with the others', () => {
    const lab = indexed({ parallelism: 4, backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 }).settle();
    const failIndex0 = (): void => {
      lab
        .end(
          'Failed',
          lab.active().find((pod) => indexOf(lab.job, pod) === 0),
        )
        .settle();
    };
    failIndex0();
    assert.equal(lab.indexes(), '1-3');
    lab.wait(10).settle();
    assert.equal(lab.indexes(), '0-3');
    failIndex0();
    assert.equal(lab.wait(100).settle().indexes(), '1-3');
    assert.equal(lab.job.status?.failedIndexes, '0');
    for (let round = 0; round < 3; round++) lab.end('Succeeded').settle();
    assert.match(lab.conditions(), /Failed FailedIndexes/);
    assert.equal(lab.job.status?.completedIndexes, '1-3');
  });

  it('fails when too many indexes have', () => {
    const lab = indexed({ parallelism: 4, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }).settle();
    lab.end('Failed').settle();
    assert.equal(lab.conditions(), '');
    lab.end('Failed').settle();
    assert.match(lab.conditions(), /Failed MaxFailedIndexesExceeded/);
  });

  it('succeeds early by its success policy', () => {
    const lab = indexed({
      successPolicy: { rules: [{ succeededIndexes: '1,3', succeededCount: 1 }] },
    }).settle();
    lab.end('Succeeded', lab.pods[0]).settle();
    assert.equal(lab.conditions(), '');
    lab.end('Succeeded', lab.pods[1]).settle();
    assert.equal(lab.conditions(), 'SuccessCriteriaMet SuccessPolicy, Complete SuccessPolicy');
    assert.equal(lab.active().length, 0);
    assert.equal(lab.job.status?.failed ?? 0, 0);
  });
});

it('formatIndexes() and parseIndexes() are inverse', () => {
  assert.equal(formatIndexes([5, 1, 2, 3, 7]), '1-3,5,7');
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50)), (indexes) => {
      const sorted = indexes.toSorted((a, b) => a - b);
      assert.deepEqual([...parseIndexes(formatIndexes(indexes), 51)], sorted);
    }),
  );
});
