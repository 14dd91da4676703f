import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { selectService as namesOf } from '../dns/select.ts';
import { serviceVariables } from '../kubelet/env/service-env.ts';
import { policyPodOf } from '../policy/model/world.ts';
import { selectService, serviceOfSlice } from '../services/select.ts';
import type { EndpointSlice, Service } from './generated/types.ts';
import type { Stored } from './objects.ts';
import { createTrim } from './trim.ts';

const metadata = (name: string) => ({
  name,
  namespace: 'ns',
  uid: `uid-${name}`,
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  generation: 3,
  labels: { 'kubernetes.io/service-name': 'web' },
  annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:01Z', note: 'long' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'u' }],
  managedFields: [{ manager: 'kubectl', operation: 'Update' }],
});

const service = (spec: Service['spec'] = {}): Stored<Service> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata('web'),
  spec: {
    type: 'LoadBalancer',
    selector: { app: 'web' },
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10', 'fd00:96::10'],
    externalIPs: ['192.0.2.1'],
    loadBalancerSourceRanges: ['198.51.100.0/24'],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_100,
    sessionAffinity: 'ClientIP',
    ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080 }],
    ...spec,
  },
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.7', ipMode: 'VIP' }] } },
});

const slice = (address: string): Stored<EndpointSlice> => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: metadata(`web-${address}`),
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: [
    {
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: ['node', '1'].join('-'),
      hostname: 'a',
      zone: 'zone-a',
      hints: { forZones: [{ name: 'zone-a' }] },
      targetRef: { kind: 'Pod', namespace: 'ns', name: 'web-1', uid: 'u1' },
    },
    { addresses: ['10.244.0.9'], conditions: { ready: false, serving: true, terminating: true } },
  ],
});

describe('createTrim()', () => {
  const trim = createTrim();
  const [whole, cut] = [slice('10.244.0.5'), trim.endpointSlice(slice('10.244.0.5'))];

  it('keeps all that the proxy, the DNS and the environment of containers make of objects', () => {
    for (const spec of [{}, { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] }]) {
      const [before, after] = [service(spec), trim.service(service(spec))];
      assert.deepEqual(selectService(after, [cut]), selectService(before, [whole]));
      assert.deepEqual(namesOf(after, [cut]), namesOf(before, [whole]));
      assert.deepEqual(serviceVariables([after]), serviceVariables([before]));
    }
    assert.ok(selectService(service(), [whole])?.ports[0]?.candidates.length === 2);
    assert.equal(serviceOfSlice(cut), 'ns/web');
  });

  it('keeps all that policies make of pods', () => {
    const container = (name: string, restartPolicy?: string) => ({
      name,
      image: 'nginx',
      ...(restartPolicy && { restartPolicy }),
      ports: [{ containerPort: 80 }, { containerPort: 8080, name: `http-${name}`, protocol: 'TCP' }],
    });
    const pod = {
      metadata: metadata('web-1'),
      spec: {
        nodeName: 'node-1',
        containers: [container('a'), { name: 'b', image: 'nginx' }],
        initContainers: [container('init'), container('sidecar', 'Always')],
      },
      status: { phase: 'Running', podIPs: [{ ip: '10.244.0.5' }, { ip: 'fd00::5' }], startTime: 'long ago' },
    };
    for (const variant of [
      pod,
      { ...pod, spec: { ...pod.spec, hostNetwork: true } },
      { ...pod, status: { phase: 'Failed' } },
      { ...pod, spec: { containers: [] }, status: {} },
    ])
      assert.deepEqual(policyPodOf(trim.pod(variant)), policyPodOf(variant));
    assert.equal(policyPodOf(pod)?.namedPorts.length, 2);
    assert.doesNotMatch(JSON.stringify(trim.pod(pod)), /nginx|long ago|managedFields/);
  });

  it('keeps when a change happened, and drops owners, other annotations and what an endpoint is', () => {
    const text = JSON.stringify([cut, trim.service(service())]);
    assert.match(text, /last-change-trigger-time/);
    assert.doesNotMatch(text, /managedFields|ownerReferences|"note"|targetRef|selector/);
  });

  it('keeps what many objects have alike once', () => {
    const [a, b] = [cut, trim.endpointSlice(slice('10.244.0.6'))];
    assert.equal(a.ports, b.ports);
    assert.equal(a.endpoints?.[0]?.conditions, b.endpoints?.[0]?.conditions);
    assert.notEqual(a.endpoints?.[0]?.conditions, a.endpoints?.[1]?.conditions);
  });
});
