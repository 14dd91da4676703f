import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podOf, storedAs } from '../../test/support/object-builders.ts';
import type { Pod, PodSpec, Service, ServiceSpec } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { compileSlices } from './compile.ts';
import { toText } from './state.ts';

const service = (spec: ServiceSpec = {}, metadata: Service['metadata'] = {}): Stored<Service> =>
  storedAs({
    metadata: { name: 'web', namespace: 'ns', ...metadata },
    spec: {
      clusterIP: '10.96.0.10',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
      ...spec,
    },
  });

/** Pod `pod-N` on node-1 with 10.244.0.N and fd00:244::N, ready unless said otherwise. */
const pod = (
  n: number,
  more: { readonly isReady?: boolean; readonly isGoing?: boolean; readonly spec?: Partial<PodSpec> } = {},
): Stored<Pod> => {
  const base = podOf(`pod-${n}`, { nodeName: 'node-1', ...more.spec });
  return storedAs({
    ...base,
    metadata: { ...base.metadata, ...(more.isGoing ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.244.0.${n}` }, { ip: `fd00:244::${n}` }],
      conditions: [{ type: 'Ready', status: more.isReady === false ? 'False' : 'True' }],
    },
  });
};

const nodes = new Map([['node-1', { zone: 'zone-a' }]]);
const text = (svc: Stored<Service>, ...pods: readonly Stored<Pod>[]): string =>
  toText(compileSlices({ service: svc, pods, nodes }).groups);
const named = (port: number): PodSpec => ({
  containers: [
    { name: 'web', image: 'nginx', ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }] },
  ],
});

describe('compileSlices()', () => {
  it('says of each pod whether it is ready, serves, and ends', () => {
    const pods = [
      pod(1),
      pod(2, { isReady: false }),
      pod(3, { isGoing: true }),
      pod(4, { isReady: false, isGoing: true }),
    ];
    assert.equal(
      text(service(), ...pods),
      [
        'IPv4 8080/TCP 10.244.0.1 ready zone=zone-a',
        'IPv4 8080/TCP 10.244.0.2 unready zone=zone-a',
        'IPv4 8080/TCP 10.244.0.3 unready serving terminating zone=zone-a',
        'IPv4 8080/TCP 10.244.0.4 unready terminating zone=zone-a',
      ].join('\n'),
    );
  });

  it('calls all of them ready with publishNotReadyAddresses', () => {
    const all = text(
      service({ publishNotReadyAddresses: true }),
      pod(1, { isReady: false }),
      pod(2, { isGoing: true }),
    );
    assert.deepEqual(all.match(/\b(un)?ready\b/g), ['ready', 'ready']);
  });

  it('keeps the families apart, and knows only those of the Service', () => {
    assert.match(
      text(service({ ipFamilies: ['IPv6', 'IPv4'] }), pod(1)),
      /^IPv4 .* 10\.244\.0\.1 .*\nIPv6 .* fd00:244::1 /,
    );
    assert.doesNotMatch(text(service({ ipFamilies: ['IPv6'] }), pod(1)), /IPv4/);
  });

  it('makes a group for each number that a port name stands for', () => {
    const svc = service({ ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 'http' }] });
    assert.equal(
      text(svc, pod(1, { spec: named(8080) }), pod(2, { spec: named(9090) })).replaceAll(
        ' ready zone=zone-a',
        '',
      ),
      'IPv4 web:8080/TCP 10.244.0.1\nIPv4 web:9090/TCP 10.244.0.2',
    );
  });

  it('gives a hostname only below its subdomain', () => {
    const spec = { hostname: 'a', subdomain: 'web' };
    assert.match(text(service(), pod(1, { spec })), /hostname=a/);
    assert.doesNotMatch(text(service(), pod(1, { spec: { ...spec, subdomain: 'other' } })), /hostname/);
  });

  it('leaves out pods without address, finished ones, and those whose node is gone', () => {
    const finished = { ...pod(1), status: { ...pod(1).status, phase: 'Succeeded' } };
    const bare = { ...pod(2), status: { phase: 'Pending' } };
    assert.equal(text(service(), finished, bare, pod(3, { spec: { nodeName: 'gone' } })), '');
  });

  it('says whose each endpoint is and where', () => {
    const [group] = compileSlices({
      service: service({ ipFamilies: ['IPv6'] }),
      pods: [pod(1)],
      nodes,
    }).groups;
    assert.deepEqual(group!.endpoints, [
      {
        addresses: ['fd00:244::1'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: 'ns', name: 'pod-1', uid: 'pod-1' },
        nodeName: 'node-1',
        zone: 'zone-a',
      },
    ]);
  });

  it('packs 100 endpoints a slice, owned by the Service', () => {
    const { capacity, owner } = compileSlices({ service: service(), pods: [], nodes });
    assert.equal(capacity, 100);
    assert.deepEqual(owner, {
      apiVersion: 'v1',
      kind: 'Service',
      name: 'web',
      uid: 'web',
      controller: true,
      blockOwnerDeletion: true,
    });
  });

  it('never wants no slice at all', () => {
    assert.deepEqual(compileSlices({ service: service(), pods: [], nodes }).groups, [
      { addressType: 'IPv4', ports: [], endpoints: [] },
    ]);
  });

  it('hints zones and nodes by trafficDistribution', () => {
    assert.match(text(service({ trafficDistribution: 'PreferSameZone' }), pod(1)), /for-zone=zone-a$/);
    assert.match(
      text(service({ trafficDistribution: 'PreferSameNode' }), pod(1)),
      /for-zone=zone-a for-node=node-1$/,
    );
  });

  it("has the Service's labels, but says itself what the slice is", () => {
    const labels = { app: 'web', 'kubernetes.io/service-name': 'other' };
    assert.deepEqual(
      compileSlices({ service: service({ clusterIP: 'None' }, { labels }), pods: [], nodes }).labels,
      {
        app: 'web',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'service.kubernetes.io/headless': '',
      },
    );
  });
});
