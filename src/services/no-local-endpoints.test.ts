import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../test/support/object-builders.ts';
import { service, slice } from '../../test/support/service-objects.ts';
import type { ServiceSpec } from '../k8s/generated/types.ts';
import { noLocalEndpoints } from './metrics.ts';
import { NoLocalEndpoints } from './no-local-endpoints.ts';
import { selectService } from './select.ts';

const snapshot = (spec: ServiceSpec, nodeName: string) =>
  selectService(storedAs(service('web', 10, spec)), [
    storedAs(slice('web', ['10.244.0.5'], { endpoint: { nodeName } })),
  ]);
const local: ServiceSpec = {
  type: 'NodePort',
  ports: [{ port: 80, nodePort: 30_080 }],
  internalTrafficPolicy: 'Local',
  externalTrafficPolicy: 'Local',
};
const shown = (): string =>
  noLocalEndpoints
    .samples()
    .map(({ labels, value }) => `${labels['traffic_policy']} ${value}`)
    .join(', ');

describe('NoLocalEndpoints', () => {
  it('counts ports that a policy keeps from the endpoints of other nodes', () => {
    const counts = new NoLocalEndpoints(() => ({ nodeName: 'node-1', zone: undefined }));
    assert.equal(shown(), 'internal 0, external 0');
    counts.set('ns/web', snapshot(local, 'node-2'));
    assert.equal(shown(), 'internal 1, external 1');
    counts.set('ns/more', snapshot({ ...local, type: 'ClusterIP' }, 'node-2'));
    assert.equal(shown(), 'internal 2, external 1');
    counts.set('ns/web', snapshot({ ...local, internalTrafficPolicy: 'Cluster' }, 'node-2'));
    assert.equal(shown(), 'internal 1, external 1');
    counts.set('ns/web', snapshot(local, 'node-1'));
    counts.set('ns/more', undefined);
    assert.equal(shown(), 'internal 0, external 0');
  });
});
