import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeOf, podOf, storedAs } from '../../../test/support/object-builders.ts';
import type { NodeSpec, Taint, Toleration } from '../../k8s/generated/types.ts';
import { evictionMs, silentConditions, wantedTaints } from './compile.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');

const node = (ready: string, spec: NodeSpec = {}) =>
  storedAs({ ...nodeOf('a', { spec }), status: { conditions: [{ type: 'Ready', status: ready }] } });

const taints = (ready: string, spec?: NodeSpec): string =>
  (wantedTaints(node(ready, spec), NOW) ?? []).map(({ key, effect }) => `${key}:${effect}`).join(' ');

describe('wantedTaints()', () => {
  it('follow the readiness and the cordon', () => {
    const key = 'node.kubernetes.io';
    assert.equal(taints('True'), '');
    assert.equal(taints('False'), `${key}/not-ready:NoSchedule ${key}/not-ready:NoExecute`);
    assert.equal(taints('Unknown'), `${key}/unreachable:NoSchedule ${key}/unreachable:NoExecute`);
    assert.equal(taints('True', { unschedulable: true }), `${key}/unschedulable:NoSchedule`);
  });

  it('leave those of others alone, and do not renew what is there', () => {
    const mine = { key: 'mine', effect: 'NoSchedule' };
    const first = wantedTaints(node('False', { taints: [mine] }), NOW);
    assert.deepEqual(first?.[0], mine);
    assert.equal(wantedTaints(node('False', { taints: first }), NOW + 1000), undefined);
    assert.deepEqual(wantedTaints(node('True', { taints: first }), NOW), [mine]);
  });
});

describe('silentConditions()', () => {
  it('say Unknown once, and what was never said too', () => {
    const first = silentConditions(node('True'), NOW)!;
    assert.deepEqual(
      first.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      [
        'Ready Unknown NodeStatusUnknown',
        'MemoryPressure Unknown NodeStatusNeverUpdated',
        'DiskPressure Unknown NodeStatusNeverUpdated',
        'PIDPressure Unknown NodeStatusNeverUpdated',
      ],
    );
    assert.equal(silentConditions({ ...node('True'), status: { conditions: first } }, NOW), undefined);
  });
});

describe('evictionMs()', () => {
  const taint: Taint = { key: 'k', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };
  const seconds = (...tolerations: Toleration[]): number =>
    (evictionMs(storedAs(podOf('p', { tolerations })), [taint], NOW) - Date.parse(taint.timeAdded!)) / 1000;

  it('is now without a toleration, never with one without an end, else the shortest', () => {
    const exists = { key: 'k', operator: 'Exists' };
    assert.equal(seconds(), 600);
    assert.equal(seconds(exists), Infinity);
    assert.equal(seconds({ ...exists, tolerationSeconds: 300 }), 300);
    assert.equal(seconds({ ...exists, tolerationSeconds: 300 }, { ...exists, tolerationSeconds: 20 }), 20);
    assert.equal(seconds({ ...exists, tolerationSeconds: -5 }), 0);
    assert.equal(seconds({ key: 'other', operator: 'Exists' }), 600);
  });
});
