import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod, PodSpec } from '../../k8s/generated/types.ts';
import type { ContainerStatus } from '../../runtime/runtime.ts';
import { podStatus } from '../status/pod-status.ts';
import { backOffUntil, formatBackOff, nextBackOff } from './back-off.ts';
import { operationOf, podActions } from './pod-actions.ts';
import type { PodView } from './pod-view.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');

/** A pod with containers of these names, in a sandbox that is ready; `changes` says what is different. */
const view = (
  spec: Partial<PodSpec>,
  changes: Partial<PodView> = {},
  status: Pod['status'] = {},
): PodView => ({
  pod: {
    metadata: {
      name: 'p',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '',
      generation: 3,
    },
    spec: { containers: [{ name: 'a' }], ...spec },
    status: { startTime: '2026-01-01T00:00:00Z', ...status },
  },
  nowMs: NOW,
  sandbox: {
    id: 's',
    pod: { namespace: 'ns', name: 'p', uid: 'u', attempt: 0 },
    state: 'ready',
    ips: ['10.244.0.7'],
    createdAtMs: NOW - 9000,
  },
  containers: [],
  hasVolumes: true,
  busy: new Set(),
  waiting: new Map(),
  backOffs: new Map(),
  retryAtMs: new Map(),
  images: new Map(),
  probes: new Map(),
  ending: undefined,
  ...changes,
});

/** `a` runs; `a:3` has ended with code 3. */
const container = (text: string, attempt = 0): ContainerStatus => {
  const [name, code] = text.split(':') as [string, string?];
  return {
    id: `${name}-id`,
    sandboxId: 's',
    name,
    attempt,
    state: code === undefined ? 'running' : 'exited',
    imageId: 'i',
    imageRef: 'image',
    createdAtMs: NOW - 5000,
    startedAtMs: NOW - 5000,
    finishedAtMs: code === undefined ? undefined : NOW - 1000,
    exitCode: code === undefined ? undefined : Number(code),
    reason: undefined,
    message: undefined,
    logPath: '',
  };
};

const plan = (
  spec: Partial<PodSpec>,
  containers: readonly string[] = [],
  changes: Partial<PodView> = {},
): string =>
  podActions(view(spec, { containers: containers.map((text) => container(text)), ...changes }))
    .map((action) => {
      if (action.kind === 'wake') return `wake +${(action.atMs - NOW) / 1000}s`;
      const attempt = action.kind === 'start-container' ? `#${action.attempt}` : '';
      return (operationOf(action) ?? action.kind) + attempt;
    })
    .join(', ');

const init = (...names: string[]): { readonly initContainers: readonly Container[] } => ({
  initContainers: names.map((name) =>
    name.startsWith('side') ? { name, restartPolicy: 'Always' } : { name },
  ),
});
const ended = { kind: 'deleted', graceSeconds: 30 } as const;

describe('podActions()', () => {
  it('starts an ephemeral container at once, and never again', () => {
    const spec = { ...init('one'), ephemeralContainers: [{ name: 'debug', targetContainerName: 'a' }] };
    assert.equal(plan(spec, ['one']), 'start/debug#0');
    assert.equal(plan(spec, ['one', 'debug']), '');
    assert.equal(plan(spec, ['one', 'debug:1']), '');
    assert.equal(plan({ ...spec, initContainers: [] }, ['a', 'debug']), '');
    assert.equal(plan(spec, ['debug'], { ending: ended }), 'stop/debug-id/30');
    const statuses = [{ name: 'debug', containerID: 'podnet://x' }] as unknown as [];
    const inNewSandbox = view(spec, {}, { ephemeralContainerStatuses: statuses });
    assert.deepEqual(podActions(inNewSandbox).map(operationOf), ['start/one']);
  });

  it('an ephemeral container has a status, and no say in the pod’s phase', () => {
    const spec = { restartPolicy: 'Never', ephemeralContainers: [{ name: 'debug' }] };
    const containers = [container('a'), container('debug:1')];
    const status = podStatus(view(spec, { containers }), ['172.30.0.11']);
    const [debug] = status.ephemeralContainerStatuses!;
    assert.deepEqual([debug!.ready, debug!.state?.terminated?.exitCode], [false, 1]);
    assert.equal(status.phase, 'Running');
    const done = podStatus(view(spec, { containers: [container('a:0'), container('debug')] }), []);
    assert.equal(done.phase, 'Succeeded', 'whether or not somebody still looks');
  });

  it('goes from volumes to sandbox to all containers', () => {
    const two = { containers: [{ name: 'a' }, { name: 'b' }] };
    assert.equal(plan(two, [], { hasVolumes: false, sandbox: undefined }), 'set-up-volumes');
    assert.equal(plan(two, [], { sandbox: undefined }), 'run-sandbox');
    assert.equal(plan(two), 'start/a#0, start/b#0');
    assert.equal(plan(two, ['a', 'b']), '');
  });

  it('does nothing twice, and waits for a retry', () => {
    assert.equal(plan({}, [], { busy: new Set(['start/a']) }), '');
    const retryAtMs = new Map([['run-sandbox', NOW + 4000]]);
    assert.equal(plan({}, [], { sandbox: undefined, retryAtMs }), 'wake +4s');
    assert.equal(plan({}, [], { sandbox: undefined, busy: new Set(['run-sandbox']) }), '');
    const waiting = new Map([
      ['a', { reason: 'ErrImagePull', message: '', retryAtMs: NOW + 1000, image: undefined }],
    ]);
    assert.equal(plan({}, [], { waiting }), 'wake +1s');
    const corrected = { containers: [{ name: 'a', image: 'other' }] };
    assert.equal(plan(corrected, [], { waiting }), 'start/a#0', 'the image was corrected');
  });

  it('runs init containers in their order and sidecars from their place on', () => {
    const spec = init('one', 'side', 'two');
    assert.equal(plan(spec), 'start/one#0');
    assert.equal(plan(spec, ['one']), '');
    assert.equal(plan(spec, ['one:0']), 'start/side#0');
    assert.equal(plan(spec, ['one:0', 'side']), 'start/two#0');
    assert.equal(plan(spec, ['one:0', 'side', 'two:0']), 'start/a#0');
    assert.equal(plan(spec, ['one:0', 'side:1', 'two:0', 'a']), 'start/side#1', 'sidecars are restarted');
    assert.equal(plan(spec, ['one:1']), 'start/one#1', 'a failed one is repeated');
  });

  it('waits for the startup probe of a sidecar', () => {
    const spec = { initContainers: [{ name: 'side', restartPolicy: 'Always', startupProbe: {} }] };
    assert.equal(plan(spec, ['side']), '');
    const probes = new Map([['side-id', { started: true, live: true, ready: true }]]);
    assert.equal(plan(spec, ['side'], { probes }), 'start/a#0');
  });

  it('restarts by policy and rules, with back-off from the second time on', () => {
    assert.equal(plan({}, ['a:0']), 'start/a#1');
    assert.equal(plan({ restartPolicy: 'OnFailure' }, ['a:1']), 'start/a#1');
    assert.equal(plan({ restartPolicy: 'OnFailure' }, ['a:0']), 'stop-sandbox');
    assert.equal(plan({ restartPolicy: 'Never' }, ['a:1']), 'stop-sandbox');
    const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
    const ruled = { restartPolicy: 'Never', containers: [{ name: 'a', restartPolicyRules }] };
    assert.equal(plan(ruled, ['a:42']), 'start/a#1');
    assert.equal(plan(ruled, ['a:1']), 'stop-sandbox');
    const backOffs = new Map([['a', { delayMs: 20_000, updatedAtMs: NOW - 5000 }]]);
    assert.equal(plan({}, ['a:1'], { backOffs }), 'back-off, wake +19s');
  });

  it('stops a container that its probes give up, with the grace period of the probe', () => {
    const probes = new Map([['a-id', { started: true, live: false, ready: false }]]);
    assert.equal(plan({}, ['a'], { probes }), 'stop/a-id/30');
    const containers = [{ name: 'a', livenessProbe: { terminationGracePeriodSeconds: 5 } }];
    assert.equal(plan({ containers }, ['a'], { probes }), 'stop/a-id/5');
    assert.equal(plan({ containers }, ['a'], { probes, busy: new Set(['stop/a-id/5']) }), '');
  });

  it('restarts a container whose image was changed', () => {
    const containers = [{ name: 'a', image: 'new' }];
    assert.equal(plan({ containers }, ['a'], { images: new Map([['a-id', 'old']]) }), 'stop/a-id/30');
    assert.equal(plan({ containers }, ['a'], { images: new Map([['a-id', 'new']]) }), '');
    assert.equal(plan({ containers }, ['a']), '', 'of an earlier agent');
  });

  it('ends a pod: containers together, sidecars after them from the last on, then all traces', () => {
    const spec = { ...init('side1', 'side2'), containers: [{ name: 'a' }, { name: 'b' }] };
    const changes = { ending: ended };
    assert.equal(plan(spec, ['side1', 'side2', 'a', 'b'], changes), 'stop/a-id/30, stop/b-id/30');
    assert.equal(plan(spec, ['side1', 'side2', 'a:0', 'b'], changes), 'stop/b-id/30');
    assert.equal(plan(spec, ['side1', 'side2', 'a:0', 'b:0'], changes), 'stop/side2-id/30');
    assert.equal(plan(spec, ['side1', 'side2:0', 'a:0', 'b:0'], changes), 'stop/side1-id/30');
    assert.equal(plan(spec, ['side1:0', 'side2:0', 'a:0', 'b:0'], changes), 'tear-down');
    assert.equal(plan(spec, [], { ...changes, sandbox: undefined }), 'tear-down');
  });

  it('waits with the end for what is under way, but not for a longer grace period', () => {
    assert.equal(
      plan({}, ['a'], { ending: ended, busy: new Set(['start/a']) }),
      'stop/a-id/30',
      'a hook may hang',
    );
    assert.equal(plan({}, [], { ending: ended, busy: new Set(['start/a']) }), '');
    assert.equal(plan({}, ['a'], { ending: ended, busy: new Set(['stop/a-id/30']) }), '');
    const ending = { ...ended, graceSeconds: 1 };
    assert.equal(plan({}, ['a'], { ending, busy: new Set(['stop/a-id/30']) }), 'stop/a-id/1');
    assert.equal(plan({}, ['a:0'], { ending: ended, busy: new Set(['tear-down']) }), '');
  });

  it('replaces a dead sandbox, but not while a container still starts in it, nor for a finished pod', () => {
    const sandbox = { ...view({}).sandbox!, state: 'not-ready' as const };
    assert.equal(plan({}, ['a:137'], { sandbox }), 'run-sandbox');
    assert.equal(plan({}, [], { sandbox, busy: new Set(['start/a']) }), '');
    assert.equal(plan({ restartPolicy: 'Never' }, ['a:0'], { sandbox }), '');
  });

  it('leaves a pod alone that the API says has ended', () => {
    const finished = view({}, { sandbox: undefined, hasVolumes: false }, { phase: 'Succeeded' });
    assert.deepEqual(podActions(finished), []);
  });
});

describe('podStatus()', () => {
  const status = (...args: Parameters<typeof view>) => podStatus(view(...args), ['172.30.0.11']);
  const of = (...containers: string[]) => ({ containers: containers.map((text) => container(text)) });
  const phase = (spec: Partial<PodSpec>, ...containers: string[]) => status(spec, of(...containers)).phase;
  const two = { containers: [{ name: 'a' }, { name: 'b' }] };

  it('gives the phase', () => {
    assert.equal(phase({}), 'Pending');
    assert.equal(phase(two, 'a'), 'Pending', 'one has never run');
    assert.equal(phase(two, 'a', 'b'), 'Running');
    assert.equal(phase(two, 'a:1', 'b:1'), 'Running', 'they are restarted');
    assert.equal(phase({ ...two, restartPolicy: 'Never' }, 'a:0', 'b'), 'Running');
    assert.equal(phase({ ...two, restartPolicy: 'Never' }, 'a:0', 'b:0'), 'Succeeded');
    assert.equal(phase({ ...two, restartPolicy: 'Never' }, 'a:0', 'b:1'), 'Failed');
    assert.equal(phase({ ...two, restartPolicy: 'OnFailure' }, 'a:0', 'b:1'), 'Running');
    assert.equal(phase({ ...init('i'), restartPolicy: 'Never' }, 'i:1'), 'Failed');
    assert.equal(phase(init('i'), 'i:1'), 'Pending');
    assert.equal(status({}, { ...of('a:0'), ending: ended }).phase, 'Succeeded');
    assert.equal(status({}, { ...of('a:143'), ending: ended }).phase, 'Failed');
    assert.equal(status({}, of('a'), { phase: 'Failed' }).phase, 'Failed', 'an end is final');
  });

  it('explains why a pod is not ready, and keeps the times of what did not change', () => {
    const lines = (...args: Parameters<typeof view>) =>
      status(...args).conditions!.map((each) =>
        `${each.type}=${each.status} ${each.reason ?? ''} ${each.message ?? ''}`.trim(),
      );
    assert.deepEqual(lines({ ...init('i'), ...two }, of('i')), [
      'PodReadyToStartContainers=True',
      'Initialized=False ContainersNotInitialized containers with incomplete status: [i]',
      'Ready=False ContainersNotReady containers with unready status: [a b]',
      'ContainersReady=False ContainersNotReady containers with unready status: [a b]',
      'PodScheduled=True',
    ]);
    const gated = { readinessGates: [{ conditionType: 'x/y' }] };
    assert.equal(
      lines(gated, of('a'))[2],
      'Ready=False ReadinessGatesNotReady corresponding condition of pod readiness gate "x/y" does not exist.',
    );
    const conditions = [
      { type: 'x/y', status: 'True' },
      { type: 'ContainersReady', status: 'True', lastTransitionTime: 'then' },
    ];
    const after = status(gated, of('a'), { conditions });
    const timeOf = (type: string) => after.conditions!.find((each) => each.type === type)!.lastTransitionTime;
    assert.deepEqual([timeOf('Ready'), timeOf('ContainersReady')], ['2026-01-01T00:10:00Z', 'then']);
    assert.deepEqual(after.conditions!.at(-1), conditions[0], 'conditions of others stay');
    assert.equal(after.observedGeneration, 3);
  });

  it('shows a crash loop as waiting, with the end as the last state', () => {
    const backOffs = new Map([['a', { delayMs: 80_000, updatedAtMs: NOW - 5000 }]]);
    const [a] = status({}, { ...of('a:3'), backOffs }).containerStatuses!;
    assert.deepEqual(a!.state, {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 1m20s restarting failed container=a pod=p_ns(u)',
      },
    });
    assert.equal(a!.lastState!.terminated!.exitCode, 3);
    assert.deepEqual([a!.ready, a!.started, a!.restartCount], [false, false, 0]);
  });

  it('counts restarts on over a new sandbox, and says that the old containers are lost', () => {
    const before = {
      name: 'a',
      image: '',
      imageID: '',
      ready: true,
      restartCount: 4,
      containerID: 'podnet://x',
    };
    const containerStatuses = [{ ...before, state: { running: {} } }];
    const [a] = status({}, {}, { containerStatuses }).containerStatuses!;
    assert.equal(a!.lastState!.terminated!.reason, 'ContainerStatusUnknown');
    const [start] = podActions(view({}, {}, { containerStatuses }));
    assert.equal(start?.kind === 'start-container' && start.attempt, 5);
  });

  it('is ready only when the probes say so', () => {
    const containers = [{ name: 'a', readinessProbe: {} }];
    const isReady = (changes: Partial<PodView>) =>
      status({ containers }, { ...of('a'), ...changes }).containerStatuses![0]!.ready;
    assert.equal(isReady({}), false);
    assert.equal(isReady({ probes: new Map([['a-id', { started: true, live: true, ready: true }]]) }), true);
  });

  it('keeps the status of a pod that ended before this agent began', () => {
    const before = { phase: 'Succeeded', podIP: '10.244.0.9' };
    assert.equal(status({}, { sandbox: undefined }, before).podIP, '10.244.0.9');
    assert.equal(status({}, { sandbox: undefined }, before).containerStatuses, undefined);
  });
});

describe('nextBackOff()', () => {
  it('doubles from 10 s to 300 s, and starts anew after ten quiet minutes', () => {
    const delays: string[] = [];
    let backOff = nextBackOff(undefined, NOW, NOW);
    for (let failure = 0; failure < 7; failure++) {
      delays.push(formatBackOff(backOff.delayMs));
      backOff = nextBackOff(backOff, NOW, NOW);
    }
    assert.deepEqual(delays, ['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s']);
    assert.equal(backOffUntil(backOff, NOW + 1000), NOW + 301_000);
    assert.equal(backOffUntil(backOff, NOW + 601_000), 0);
    assert.equal(nextBackOff(backOff, NOW + 601_000, NOW + 601_000).delayMs, 10_000);
    assert.equal(backOffUntil(undefined, NOW), 0);
  });
});
