import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState, ContainerStatus, Pod, PodStatus } from '../../k8s/generated/types.ts';
import { createAdmission } from '../../../test/support/admission.ts';
import { humanDuration } from './age.ts';
import { podCells } from './pod-cells.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const { row } = createAdmission();
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
const metadata = { name: 'a', creationTimestamp: at(90) };

it('humanDuration() shows two or three figures', () => {
  const [minute, hour, day] = [60, 3600, 86400];
  const pairs: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [-1, '0s'],
    [-2, '<invalid>'],
    [119, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 5, '9m5s'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 5 * minute, '7h5m'],
    [47 * hour, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day, '8d'],
    [729 * day, '729d'],
    [731 * day, '2y1d'],
    [365 * 9 * day, '9y'],
  ];
  for (const [seconds, text] of pairs) assert.equal(humanDuration(seconds * 1000), text);
});

describe('pod columns', () => {
  const container = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
    name: 'c',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
    ...more,
  });
  const running = container({ running: {} }, { ready: true });
  const waits = (reason: string): ContainerStatus => container({ waiting: { reason } });
  const ended = (exitCode: number, reason?: string): ContainerStatus =>
    container({ terminated: { exitCode, reason } });
  const ready = { type: 'Ready', status: 'True' };

  const cells = (status: PodStatus, pod: Partial<Pod> = {}): string => {
    const containers = (status.containerStatuses ?? [running]).map(() => ({ name: 'c' }));
    const initContainers = (status.initContainerStatuses ?? []).map(({ name }) => ({
      name,
      ...(name === 'sidecar' ? { restartPolicy: 'Always' } : {}),
    }));
    return podCells({ spec: { containers, initContainers }, status, ...pod }, NOW).join(' ');
  };

  it('shows the first container that waits or ended', () => {
    assert.equal(cells({ phase: 'Pending' }), '0/1 Pending 0');
    assert.equal(cells({ phase: 'Running', containerStatuses: [running, running] }), '2/2 Running 0');
    const crash = container(
      { waiting: { reason: 'CrashLoopBackOff' } },
      { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: at(5) } } },
    );
    assert.equal(
      cells({ phase: 'Running', containerStatuses: [running, crash] }),
      '1/2 CrashLoopBackOff 3 (5s ago)',
    );
    assert.equal(cells({ phase: 'Failed', containerStatuses: [ended(3)] }), '0/1 ExitCode:3 0');
    assert.equal(cells({ phase: 'Failed', reason: 'Evicted' }), '0/1 Evicted 0');
  });

  it('tells Completed from Running and NotReady', () => {
    const completed = ended(0, 'Completed');
    assert.equal(cells({ phase: 'Succeeded', containerStatuses: [completed] }), '0/1 Completed 0');
    assert.equal(
      cells({ phase: 'Running', containerStatuses: [completed, running], conditions: [ready] }),
      '1/2 Running 0',
    );
    assert.equal(cells({ phase: 'Running', containerStatuses: [completed, running] }), '1/2 NotReady 0');
    assert.equal(
      cells({ phase: 'Failed', containerStatuses: [completed, ended(1, 'Error')] }),
      '0/2 Error 0',
    );
  });

  it('shows where initialisation stands', () => {
    const init = (...initContainerStatuses: ContainerStatus[]): string =>
      cells({ phase: 'Pending', initContainerStatuses, containerStatuses: [waits('PodInitializing')] });
    assert.equal(init(ended(0), container({ running: {} })), '0/1 Init:1/2 0');
    assert.equal(init(waits('ImagePullBackOff')), '0/1 Init:ImagePullBackOff 0');
    assert.equal(init(ended(1, 'Error')), '0/1 Init:Error 0');
    assert.equal(init(container({ terminated: { exitCode: 137, signal: 9 } })), '0/1 Init:Signal:9 0');
    assert.equal(init(ended(0)), '0/1 PodInitializing 0');
  });

  it('counts sidecars with the containers', () => {
    const sidecar = { ...running, name: 'sidecar', started: true, restartCount: 2 };
    assert.equal(
      cells({ phase: 'Running', initContainerStatuses: [sidecar], containerStatuses: [running] }),
      '2/2 Running 2',
    );
  });

  it('shows deletion and gates', () => {
    const deleted = { metadata: { deletionTimestamp: at(0) } };
    assert.equal(cells({ phase: 'Running', containerStatuses: [running] }, deleted), '1/1 Terminating 0');
    const completed = { phase: 'Succeeded', containerStatuses: [ended(0, 'Completed')] };
    assert.equal(cells(completed, deleted), '0/1 Completed 0');
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' };
    assert.equal(cells({ phase: 'Pending', conditions: [gated] }), '0/1 SchedulingGated 0');
  });
});

describe('the rows of the other kinds', () => {
  const meta = { apiVersion: '', metadata };
  it('Service', () => {
    const service = (spec: object, status = {}): string =>
      row({ ...meta, kind: 'Service', spec, status } as never, NOW);
    const ports = [
      { port: 80, nodePort: 30080, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ];
    assert.equal(
      service({ type: 'NodePort', clusterIPs: ['10.96.0.9'], ports, selector: { b: '2', a: '1' } }),
      'a | NodePort | 10.96.0.9 | <none> | 80:30080/TCP,53/UDP | 90s | a=1,b=2',
    );
    assert.equal(
      service({ type: 'ExternalName', externalName: 'example.com' }),
      'a | ExternalName | <none> | example.com | <none> | 90s | <none>',
    );
    const balanced = { type: 'LoadBalancer', clusterIPs: ['10.96.0.9'] };
    assert.match(service(balanced), / \| <pending> \| /);
    assert.match(
      service(balanced, { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } }),
      / \| 192\.0\.2\.7 \| /,
    );
  });

  it('Node', () => {
    const node = {
      ...meta,
      kind: 'Node',
      metadata: { ...metadata, labels: { 'node-role.kubernetes.io/worker': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'Unknown' }],
        addresses: [{ type: 'InternalIP', address: '172.30.0.11' }],
        nodeInfo: { kubeletVersion: 'v1.36.0' },
      },
    };
    assert.equal(
      row(node as never, NOW),
      'a | NotReady,SchedulingDisabled | worker | 90s | v1.36.0 | 172.30.0.11 | <none> | <unknown> | <unknown> | <unknown>',
    );
  });

  it('Endpoints and EndpointSlice: three, and how many more', () => {
    const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
    const subsets = [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ port: 80 }] }];
    assert.equal(
      row({ ...meta, kind: 'Endpoints', subsets } as never, NOW),
      'a | 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more... | 90s',
    );
    const endpoints = [{ addresses: ['fd00::1'] }];
    assert.equal(
      row(
        { ...meta, kind: 'EndpointSlice', addressType: 'IPv6', ports: [{ port: 80 }], endpoints } as never,
        NOW,
      ),
      'a | IPv6 | 80 | fd00::1 | 90s',
    );
    assert.equal(
      row({ ...meta, kind: 'EndpointSlice', addressType: 'IPv4' } as never, NOW),
      'a | IPv4 | <unset> | <unset> | 90s',
    );
  });

  it('Event: of the older and the newer writers', () => {
    const event = {
      ...meta,
      kind: 'Event',
      type: 'Normal',
      reason: 'Pulled',
      message: ' text\n',
      involvedObject: { kind: 'Pod', name: 'web' },
    };
    assert.equal(
      row(
        {
          ...event,
          firstTimestamp: at(60),
          lastTimestamp: at(10),
          count: 4,
          source: { component: 'kubelet', host: 'n' },
        } as never,
        NOW,
      ),
      '10s | Normal | Pulled | pod/web |  | kubelet, n | text | 60s | 4 | a',
    );
    const series = { count: 7, lastObservedTime: at(3) };
    assert.equal(
      row({ ...event, eventTime: at(30), series, reportingComponent: 'kubelet' } as never, NOW),
      '3s | Normal | Pulled | pod/web |  | kubelet | text | 30s | 7 | a',
    );
  });

  it('Deployment', () => {
    const template = {
      spec: {
        containers: [
          { name: 'x', image: 'i:1' },
          { name: 'y', image: 'j' },
        ],
      },
    };
    const spec = { replicas: 3, selector: { matchLabels: { app: 'a' } }, template };
    const status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 };
    assert.equal(
      row({ ...meta, kind: 'Deployment', spec, status } as never, NOW),
      'a | 1/3 | 2 | 1 | 90s | x,y | i:1,j | app=a',
    );
  });
});
