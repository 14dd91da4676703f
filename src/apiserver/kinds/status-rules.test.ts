// What the status of a workload may say, written through the status subresource.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../test/support/whole-registry.ts';
import type { JobStatus } from '../../k8s/generated/types.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const TEMPLATE = 'template: { spec: { restartPolicy: Never, containers: [{ name: c, image: i }] } }';

/** Writes one status after the other. */
const writes = async (kind: string, statuses: readonly object[]): Promise<void> => {
  for (const status of statuses) await api.patch(kind, 'a', { status }, 'status');
};

describe("a Job's status", () => {
  const conditions = (...types: readonly string[]): JobStatus => ({
    conditions: types.map((type) => ({
      type: type.replace('!', ''),
      status: type.startsWith('!') ? 'False' : 'True',
    })),
  });
  const AT = (second: number): string => `2026-01-01T00:00:0${second}Z`;
  const STARTED = { startTime: AT(1) };
  const COMPLETE = { ...STARTED, completionTime: AT(5), ...conditions('SuccessCriteriaMet', 'Complete') };
  const FAILED = { ...STARTED, ...conditions('FailureTarget', 'Failed') };
  const INDEXED = 'completionMode: Indexed, completions: 5, parallelism: 5, backoffLimitPerIndex: 1, ';

  const make = (spec = ''): Promise<unknown> => api.create('Job', 'a', `spec: { ${spec}${TEMPLATE} }`);

  for (const [what, spec, statuses] of [
    [
      'it starts, runs and completes',
      '',
      [
        { ...STARTED, active: 1, ready: 1 },
        { ...COMPLETE, succeeded: 1, active: 0, ready: 0 },
      ],
    ],
    ['it fails', '', [STARTED, FAILED]],
    ['indexes succeed and fail', INDEXED, [{ completedIndexes: '0,2-3', failedIndexes: '1,4' }]],
    [
      'it is suspended and starts anew',
      'suspend: true, ',
      [STARTED, { startTime: null }, { startTime: AT(3) }],
    ],
    [
      'the controller resumes it after the user has',
      '',
      [
        { ...STARTED, ...conditions('Suspended') },
        { startTime: AT(3), ...conditions('!Suspended') },
      ],
    ],
    [
      'one of no completions ends without having begun',
      'suspend: true, completions: 0, ',
      [{ ...COMPLETE, startTime: null }],
    ],
    ['it is made smaller, and has succeeded less', INDEXED, [{ succeeded: 4 }, { succeeded: 2 }]],
  ] as const)
    it(`is taken: ${what}`, async () => {
      await make(spec);
      await writes('Job', statuses);
    });

  for (const [finding, spec, statuses] of [
    ['status.ready: Invalid value: -1: must be greater than or equal to 0', '', [{ ready: -1 }]],
    ['status.ready: Invalid value: 2: cannot set more ready pods than active', '', [{ active: 1, ready: 2 }]],
    [
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "u"',
      '',
      [{ uncountedTerminatedPods: { succeeded: ['u'], failed: ['u'] } }],
    ],
    [
      'status.uncountedTerminatedPods.succeeded[0]: Invalid value: "": must not be empty',
      '',
      [{ uncountedTerminatedPods: { succeeded: [''] } }],
    ],
    [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      '',
      [{ ...COMPLETE, ...conditions('SuccessCriteriaMet', 'Complete', 'Failed') }],
    ],
    [
      'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      '',
      [{ ...COMPLETE, ...conditions('Complete', 'FailureTarget') }],
    ],
    [
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      '',
      [{ ...STARTED, ...conditions('Failed') }],
    ],
    [
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      '',
      [{ ...COMPLETE, ...conditions('Complete') }],
    ],
    [
      'status.completionTime: Invalid value: "2026-01-01T00:00:05Z": cannot set completionTime when there is no Complete=True condition',
      '',
      [{ completionTime: AT(5) }],
    ],
    [
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      '',
      [{ ...COMPLETE, completionTime: null }],
    ],
    [
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": must be equal to or after `startTime`',
      '',
      [{ ...COMPLETE, completionTime: AT(0) }],
    ],
    [
      'status.completionTime: Invalid value: "2026-01-01T00:00:06Z": field is immutable',
      '',
      [COMPLETE, { completionTime: AT(6) }],
    ],
    [
      'status.startTime: Required value: startTime is required for finished job',
      '',
      [{ ...COMPLETE, startTime: null }],
    ],
    [
      'status.startTime: Invalid value: "2026-01-01T00:00:02Z": field is immutable for unsuspended job once set',
      '',
      [STARTED, { startTime: AT(2) }],
    ],
    [
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      '',
      [{ ...COMPLETE, active: 1 }],
    ],
    [
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
      '',
      [COMPLETE, { terminating: 1 }],
    ],
    [
      'status.uncountedTerminatedPods: Invalid value: {"failed":["u"]}: must be empty for finished job',
      '',
      [{ ...COMPLETE, uncountedTerminatedPods: { failed: ['u'] } }],
    ],
    [
      'status.completedIndexes: Invalid value: "5": error parsing completedIndexes: too large index: "5"',
      INDEXED,
      [{ completedIndexes: '5' }],
    ],
    [
      'status.failedIndexes: Invalid value: "2,1": error parsing failedIndexes: non-increasing order',
      INDEXED,
      [{ failedIndexes: '2,1' }],
    ],
    [
      'status.failedIndexes: Invalid value: "1-3": failedIndexes and completedIndexes overlap at index: 2',
      INDEXED,
      [{ completedIndexes: '0,2', failedIndexes: '1-3' }],
    ],
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
      '',
      [{ completedIndexes: '0' }],
    ],
    [
      'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      '',
      [{ failedIndexes: '' }],
    ],
    [
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
      '',
      [conditions('SuccessCriteriaMet', 'FailureTarget')],
    ],
    [
      'cannot set SuccessCriteriaMet=True and Failed=true conditions',
      '',
      [{ ...STARTED, ...conditions('SuccessCriteriaMet', 'FailureTarget', 'Failed') }],
    ],
    [
      'cannot disable the SuccessCriteriaMet=True condition',
      '',
      [conditions('SuccessCriteriaMet'), conditions()],
    ],
    ['cannot disable the terminal Failed=True condition', '', [FAILED, conditions('FailureTarget')]],
    [
      'cannot disable the terminal FailureTarget=True condition',
      '',
      [conditions('FailureTarget'), conditions()],
    ],
    [
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      '',
      [{ failed: 2 }, { failed: 1 }],
    ],
    [
      'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
      '',
      [{ succeeded: 2 }, { succeeded: null }],
    ],
  ] as const)
    it(`is refused: ${finding}`, async () => {
      await make(spec);
      await writes('Job', statuses.slice(0, -1));
      const { code, message } = await statusOf(writes('Job', statuses.slice(-1)));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });

  it('may go on with what was wrong before a rule could see it', async () => {
    await make(INDEXED);
    await writes('Job', [{ completedIndexes: '4' }]);
    await api.patch('Job', 'a', { spec: { completions: 3, parallelism: 3 } });
    await writes('Job', [{ active: 2 }]);
    assert.match(
      (await statusOf(writes('Job', [{ completedIndexes: '3' }]))).message ?? '',
      /too large index: "3"/,
    );
  });
});

describe('counts in the status of other workloads', () => {
  const SPEC =
    'selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c, image: i }] } }';
  const CONTROLLER = SPEC.replace('matchLabels: { a: b }', 'a: b');
  for (const [kind, finding, statuses, spec] of [
    ['Deployment', 'status.terminatingReplicas: Invalid value: -1', [{ terminatingReplicas: -1 }]],
    [
      'Deployment',
      'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
      [{ replicas: 1, updatedReplicas: 2 }],
    ],
    [
      'Deployment',
      'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
      [{ replicas: 1, availableReplicas: 1 }],
    ],
    [
      'Deployment',
      'status.collisionCount: Invalid value: 1: cannot be decremented',
      [{ collisionCount: 2 }, { collisionCount: 1 }],
    ],
    [
      'Deployment',
      'status.collisionCount: Invalid value: 0: cannot be decremented',
      [{ collisionCount: 2 }, { collisionCount: null }],
    ],
    [
      'ReplicaSet',
      'status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas',
      [{ replicas: 1, fullyLabeledReplicas: 2 }],
    ],
    [
      'ReplicationController',
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      [{ replicas: 1, readyReplicas: 2 }],
      CONTROLLER,
    ],
    [
      'StatefulSet',
      'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
      [{ replicas: 1, availableReplicas: 1 }],
    ],
    [
      'StatefulSet',
      'status.observedGeneration: Invalid value: -1',
      [{ observedGeneration: -1, replicas: 0 }],
    ],
    [
      'DaemonSet',
      'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
      [{ numberReady: -1 }],
    ],
  ] as const)
    it(`${kind}: ${finding}`, async () => {
      await api.create(kind, 'a', `spec: { ${spec ?? SPEC} }`);
      await writes(kind, statuses.slice(0, -1));
      const { code, message } = await statusOf(writes(kind, statuses.slice(-1)));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });
});
