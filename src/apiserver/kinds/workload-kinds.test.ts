// Workloads: defaults, admission, validation, updates. Manifests in, objects or findings out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAdmission } from '../../../test/support/admission.ts';
import {
  object,
  stored,
  refused,
  refusedOnCreate,
  TEMPLATE,
  SELECTED,
  JOB_TEMPLATE,
} from '../../../test/support/kind-manifests.ts';
import type {
  CronJob,
  DaemonSet,
  Job,
  ReplicationController,
  StatefulSet,
} from '../../k8s/generated/types.ts';

describe('StatefulSet', () => {
  it('gets its defaults, and so do its claims', () => {
    const { spec } = stored<StatefulSet>(
      'StatefulSet',
      `spec:${SELECTED}
  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1024Mi } } } }]`,
    );
    assert.equal(spec?.podManagementPolicy, 'OrderedReady');
    assert.deepEqual(spec?.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
    assert.deepEqual(spec?.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
    assert.deepEqual([spec?.replicas, spec?.revisionHistoryLimit], [1, 10]);
    assert.deepEqual(spec?.volumeClaimTemplates?.[0]?.spec, {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
    });
  });

  it('may mount a volume that is one of its claims', () => {
    const mounted = SELECTED.replace('image: i', 'image: i, volumeMounts: [{ name: data, mountPath: /d }]');
    stored(
      'StatefulSet',
      `spec:${mounted}
  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }]`,
    );
    refusedOnCreate(
      'StatefulSet',
      `spec:${mounted}`,
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    );
  });

  it('is refused with bad policies, limits and selectors', () => {
    refusedOnCreate(
      'StatefulSet',
      `spec:
  replicas: -1
  podManagementPolicy: Random
  updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: -1, maxUnavailable: 0 } }
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Burn }
  serviceName: A_b
  selector: { matchLabels: { app: b } }${TEMPLATE}`,
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Burn": supported values: "Retain", "Delete"',
      "spec.serviceName: Invalid value: \"A_b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    );
  });

  it('changes only where Kubernetes lets it', () => {
    const admission = createAdmission();
    const set = admission.create(object<StatefulSet>('StatefulSet', `spec:${SELECTED}`));
    admission.update({ ...set, spec: { ...set.spec!, replicas: 5, ordinals: { start: 2 } } });
    refused(
      () => admission.update({ ...set, spec: { ...set.spec!, serviceName: 'other' } }),
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  });
});

describe('DaemonSet', () => {
  it('gets its defaults, and counts its templates', () => {
    const admission = createAdmission();
    const set = admission.create(object<DaemonSet>('DaemonSet', `spec:${SELECTED}`));
    const generation = ({ metadata }: DaemonSet): string =>
      metadata!.annotations!['deprecated.daemonset.template.generation']!;
    assert.deepEqual(set.spec?.updateStrategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
    });
    assert.equal(generation(set), '1');
    const changed = object<DaemonSet>('DaemonSet', `spec:${SELECTED.replace('image: i', 'image: j')}`);
    assert.equal(generation(admission.update(changed)), '2');
    assert.equal(generation(admission.update(changed)), '2');
  });

  it('is refused with both surge and absence, or none', () => {
    const rolling = (limits: string): string =>
      `spec:${SELECTED}
  updateStrategy: { type: RollingUpdate, rollingUpdate: { ${limits} } }`;
    refusedOnCreate(
      'DaemonSet',
      rolling('maxUnavailable: 1, maxSurge: 1'),
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    );
    refusedOnCreate(
      'DaemonSet',
      rolling('maxUnavailable: 0%'),
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    );
  });
});

describe('Job', () => {
  it('selects its own pods, by its uid', () => {
    const { spec } = stored<Job>('Job', `spec: { ${JOB_TEMPLATE} }`);
    assert.deepEqual(spec?.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
    assert.deepEqual(spec?.template.metadata?.labels, {
      'batch.kubernetes.io/controller-uid': 'u',
      'batch.kubernetes.io/job-name': 'a',
      'controller-uid': 'u',
      'job-name': 'a',
    });
    const { parallelism, completions, backoffLimit, completionMode, suspend, podReplacementPolicy } = spec!;
    assert.deepEqual(
      { parallelism, completions, backoffLimit, completionMode, suspend, podReplacementPolicy },
      {
        parallelism: 1,
        completions: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    );
  });

  const refusals: readonly [string, string, ...string[]][] = [
    [
      'pods that never end',
      'template: { spec: { containers: [{ name: c, image: i }] } }',
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'indexes without completions',
      `completionMode: Indexed, parallelism: 1, ${JOB_TEMPLATE}`,
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'limits for indexes that it does not have',
      `backoffLimitPerIndex: 1, ${JOB_TEMPLATE}`,
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      'a failure policy that contradicts itself',
      `podFailurePolicy: { rules: [{ action: FailJob }, { action: Burn, onExitCodes: { operator: In, values: [2, 0] } }] }, ${JOB_TEMPLATE}`,
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      'spec.podFailurePolicy.rules[1].action: Unsupported value: "Burn": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      'spec.podFailurePolicy.rules[1].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: [2,0]: must be ordered',
    ],
    [
      'a success policy beyond its indexes',
      `completionMode: Indexed, completions: 3, successPolicy: { rules: [{ succeededIndexes: "0-1,5" }, { succeededIndexes: "0", succeededCount: 2 }] }, ${JOB_TEMPLATE}`,
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-1,5": error parsing succeededIndexes: too large index: "5"',
      'spec.successPolicy.rules[1].succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)',
    ],
  ];
  for (const [what, spec, ...lines] of refusals)
    it(`is refused with ${what}`, () => refusedOnCreate('Job', `spec: { ${spec} }`, ...lines));

  it('keeps its template, unless it waits suspended', () => {
    const admission = createAdmission();
    const job = admission.create(object<Job>('Job', `spec: { suspend: true, ${JOB_TEMPLATE} }`));
    const on = (nodeSelector: Readonly<Record<string, string>>, image: string): Job => ({
      ...job,
      spec: {
        ...job.spec!,
        template: {
          ...job.spec!.template,
          spec: { ...job.spec!.template.spec!, nodeSelector, containers: [{ name: 'c', image }] },
        },
      },
    });
    admission.update(on({ disk: 'ssd' }, 'i'));
    assert.throws(() => admission.update(on({}, 'j')), /spec.template: .* field is immutable/);
  });
});

describe('CronJob', () => {
  const cron = (more: string): string => `spec: { ${more}, jobTemplate: { spec: { ${JOB_TEMPLATE} } } }`;
  it('gets its defaults; its Jobs get theirs when they are made', () => {
    const { spec } = stored<CronJob>('CronJob', cron('schedule: "*/5 * * * *"'));
    assert.deepEqual(
      [
        spec?.concurrencyPolicy,
        spec?.suspend,
        spec?.successfulJobsHistoryLimit,
        spec?.failedJobsHistoryLimit,
      ],
      ['Allow', false, 3, 1],
    );
    assert.equal(spec?.jobTemplate.spec?.backoffLimit, undefined);
  });
  it('is refused with schedules, zones and policies that are none', () => {
    refusedOnCreate(
      'CronJob',
      cron('schedule: "* * *", timeZone: Mars/Base, concurrencyPolicy: Perhaps'),
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
      'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
      'spec.concurrencyPolicy: Unsupported value: "Perhaps": supported values: "Allow", "Forbid", "Replace"',
    );
  });
});

describe('ReplicationController', () => {
  it('takes selector and labels from its template', () => {
    const controller = stored<ReplicationController>('ReplicationController', `spec:${TEMPLATE}`);
    assert.deepEqual(controller.spec?.selector, { app: 'a' });
    assert.deepEqual(controller.metadata?.labels, { app: 'a' });
  });
});
