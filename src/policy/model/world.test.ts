import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../k8s/generated/types.ts';
import { policyNodeOf, policyPodOf } from './world.ts';

const pod = (spec: object = {}, status: object = {}): Pod => ({
  metadata: { namespace: 'shop', name: 'web', labels: { app: 'web' } },
  spec: { nodeName: 'node-1', containers: [], ...spec } as Pod['spec'],
  status: { podIPs: [{ ip: '10.244.0.5' }, { ip: 'FD00::5' }], ...status },
});

const port = (name: string | undefined, containerPort: number, protocol?: string): object => ({
  containerPort,
  ...(name && { name }),
  ...(protocol && { protocol }),
});

describe('policyPodOf()', () => {
  it('knows the pod by its addresses of both families, labels and node', () => {
    assert.deepEqual(policyPodOf(pod()), {
      namespace: 'shop',
      name: 'web',
      labels: { app: 'web' },
      node: 'node-1',
      addresses: ['10.244.0.5', 'fd00::5'],
      namedPorts: [],
    });
  });

  it('keeps the ports with a name, also of sidecars, not of other init containers', () => {
    const containers = [
      { name: 'a', ports: [port('http', 80), port(undefined, 81), port('dns', 53, 'UDP')] },
    ];
    const initContainers = [
      { name: 'b', ports: [port('setup', 1)] },
      { name: 'c', restartPolicy: 'Always', ports: [port('http', 8080)] },
    ];
    assert.deepEqual(policyPodOf(pod({ containers, initContainers }))?.namedPorts, [
      { name: 'http', protocol: 'TCP', port: 80 },
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: 'http', protocol: 'TCP', port: 8080 },
    ]);
  });

  it('does not know pods in the network of their node, nor those that have finished', () => {
    assert.equal(policyPodOf(pod({ hostNetwork: true })), undefined);
    assert.equal(policyPodOf(pod({}, { phase: 'Succeeded' })), undefined);
    assert.equal(policyPodOf(pod({}, { phase: 'Failed' })), undefined);
  });

  it('still knows a pod that is being stopped, and one without an address yet', () => {
    const { metadata, ...rest } = pod();
    assert.ok(policyPodOf({ ...rest, metadata: { ...metadata, deletionTimestamp: '2026-11-30T00:00:00Z' } }));
    assert.deepEqual(policyPodOf(pod({}, { podIPs: undefined, phase: 'Pending' }))?.addresses, []);
  });
});

describe('policyNodeOf()', () => {
  it('knows the node by its addresses, not by its names', () => {
    const addresses = [
      { type: 'InternalIP', address: '172.30.0.2' },
      { type: 'ExternalIP', address: 'FD01::2' },
      { type: 'Hostname', address: 'node-1' },
    ];
    assert.deepEqual(policyNodeOf({ metadata: { name: 'node-1' }, status: { addresses } }), {
      name: 'node-1',
      labels: {},
      addresses: ['172.30.0.2', 'fd01::2'],
    });
  });
});
