import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../../test/support/object-builders.ts';
import { service, slice } from '../../../test/support/service-objects.ts';
import type { ServiceSpec } from '../../k8s/generated/types.ts';
import { selectService } from '../select.ts';
import { toText } from '../state.ts';
import type { Balance } from '../state.ts';
import { compileLocalhost } from './compile.ts';
import { pickEndpoint } from './pick.ts';

const site = { nodeName: 'node-1', zone: undefined, nodeAddresses: [] };

const compiled = (spec: ServiceSpec, families: readonly (4 | 6)[] = [4, 6]): string => {
  const ports = [
    { name: 'web', port: 80, nodePort: 30_080, protocol: 'TCP' },
    { name: 'dns', port: 53, nodePort: 30_053, protocol: 'UDP' },
  ];
  const slicePorts = ports.map(({ name, protocol }) => ({ name, protocol, port: 8080 }));
  const slices = [
    slice('web', ['10.244.0.5'], { ports: slicePorts }),
    slice('web', ['10.244.1.6'], { ports: slicePorts, endpoint: { nodeName: 'node-2' } }),
    slice('web', ['fd00:244:1::6'], { ports: slicePorts, family: 6, endpoint: { nodeName: 'node-2' } }),
  ];
  const object = storedAs(service('web', 10, { type: 'NodePort', ports, ...spec }));
  return toText(compileLocalhost(selectService(object, slices.map(storedAs))!, site, families));
};

describe('compileLocalhost()', () => {
  it('takes the TCP ports of each family', () => {
    assert.equal(
      compiled({}),
      'tcp 127.0.0.1:30080 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade none)\n' +
        'tcp [::1]:30080 -> [fd00:244:1::6]:8080 (masquerade none)',
    );
    assert.equal(compiled({}, []), '');
    assert.equal(
      compiled({ clusterIPs: ['10.96.0.10'] }),
      'tcp 127.0.0.1:30080 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade none)',
    );
  });

  it('takes only endpoints of this node with policy Local', () => {
    assert.equal(
      compiled({ externalTrafficPolicy: 'Local' }),
      'tcp 127.0.0.1:30080 -> 10.244.0.5:8080 (masquerade none)\ntcp [::1]:30080 -> drop',
    );
  });

  it('takes no port of a Service that has none on nodes', () => {
    assert.equal(compiled({ type: 'ClusterIP' }), '');
  });
});

describe('pickEndpoint()', () => {
  const balance = (stickySeconds?: number, ...ats: string[]): Balance => ({
    kind: 'balance',
    targets: ats.map((at) => ({ at, isLocal: false })),
    masquerade: 'none',
    stickySeconds,
  });

  it('picks by chance', () => {
    const at = (random: number) =>
      pickEndpoint(balance(undefined, 'a', 'b'), undefined, { nowMs: 0, random }).at;
    assert.deepEqual([0, 0.49, 0.5, 0.99].map(at), ['a', 'a', 'b', 'b']);
  });

  it('keeps to the endpoint with affinity, until it is over or the endpoint has gone', () => {
    const first = pickEndpoint(balance(10, 'a', 'b'), undefined, { nowMs: 0, random: 0 });
    const next = (nowMs: number, ...ats: string[]) =>
      pickEndpoint(balance(10, ...ats), first, { nowMs, random: 0.9 });
    assert.deepEqual(next(9_999, 'a', 'b'), { at: 'a', untilMs: 19_999 });
    assert.equal(next(10_000, 'a', 'b').at, 'b');
    assert.equal(next(1, 'b', 'c').at, 'c');
  });
});
