import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../test/support/object-builders.ts';
import type { EndpointSubset, Endpoints, ObjectMeta, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { compileMirror, isMirrored } from './mirror.ts';
import { toText } from './state.ts';

const endpoints = (subsets: readonly EndpointSubset[], metadata: ObjectMeta = {}): Stored<Endpoints> =>
  storedAs({ metadata: { name: 'web', namespace: 'ns', ...metadata }, subsets });
const service = (selector?: Readonly<Record<string, string>>): Stored<Service> =>
  storedAs({ metadata: { name: 'web', namespace: 'ns' }, spec: selector ? { selector } : {} });
const text = (...subsets: readonly EndpointSubset[]): string =>
  toText(compileMirror(endpoints(subsets)).groups);

describe('isMirrored()', () => {
  const plain = endpoints([]);

  it('is for Endpoints of a Service without selector', () => {
    assert.equal(isMirrored(plain, service()), true);
    assert.equal(isMirrored(plain, service({})), true);
    assert.equal(isMirrored(plain, service({ app: 'web' })), false);
    assert.equal(isMirrored(plain, undefined), false);
  });

  it('leaves out those that say so, and records of leader elections', () => {
    const skipped = endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } });
    assert.equal(isMirrored(skipped, service()), false);
    const mirrored = endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'false' } });
    assert.equal(isMirrored(mirrored, service()), true);
    const leader = endpoints([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } });
    assert.equal(isMirrored(leader, service()), false);
  });
});

describe('compileMirror()', () => {
  it('keeps several subsets with the same address apart by their ports', () => {
    const ip = '192.0.2.1';
    assert.equal(
      text(
        { addresses: [{ ip }], ports: [{ name: 'a', port: 80 }] },
        { addresses: [{ ip }], ports: [{ name: 'b', port: 81, protocol: 'UDP' }] },
      ),
      'IPv4 a:80/TCP 192.0.2.1 ready\nIPv4 b:81/UDP 192.0.2.1 ready',
    );
  });

  it('has an address once that equal subsets repeat, and each family in slices of its own', () => {
    const ports = [{ port: 80 }];
    const six = '2001:db8:0::1';
    assert.equal(
      text(
        { addresses: [{ ip: '192.0.2.1' }, { ip: six }], ports },
        { addresses: [{ ip: '192.0.2.1' }], ports },
      ),
      'IPv4 80/TCP 192.0.2.1 ready\nIPv6 80/TCP 2001:db8::1 ready',
    );
  });

  it('takes at most 1,000 addresses of a subset, ready ones first', () => {
    const many = (net: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ ip: `10.${net}.${n >> 8}.${n & 255}` }));
    const subset = { addresses: many(1, 900), notReadyAddresses: many(2, 300), ports: [{ port: 80 }] };
    const lines = text(subset).split('\n');
    assert.equal(lines.filter((line) => line.endsWith(' ready')).length, 900);
    assert.equal(lines.filter((line) => line.endsWith(' unready')).length, 100);
  });

  it('is owned by the Endpoints, has its labels, and the annotations but for bookkeeping', () => {
    const annotations = {
      note: 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z',
    };
    const mirror = compileMirror(endpoints([], { labels: { app: 'web' }, annotations }));
    assert.deepEqual(mirror.annotations, { note: 'x' });
    assert.deepEqual(mirror.labels, {
      app: 'web',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    assert.equal(mirror.owner.kind, 'Endpoints');
  });
});
