import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCgroups, podCgroup } from './pod-cgroups.ts';

const place = { cluster: 'c', node: 'node-1', uid: 'u' };

describe('podCgroup()', () => {
  it('is below the cgroup whose sockets are translated, unless the pod asks for packets', () => {
    const { all, translated } = nodeCgroups('c', 'node-1');
    assert.equal(podCgroup({ ...place, annotations: {} }), `${translated}/pod-u`);
    const disabled = { 'podnet.dev/socket-translation': 'disabled' };
    const own = podCgroup({ ...place, annotations: disabled });
    assert.equal(own, '/podnet/c/node-1/packets/pod-u');
    assert.ok(own.startsWith(`${all}/`) && !own.startsWith(`${translated}/`));
  });
});
