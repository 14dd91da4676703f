import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podSysctls } from './pod-sysctls.ts';

const paths = (...names: readonly string[]): { net: readonly string[]; ipc: readonly string[] } => {
  const { net, ipc } = podSysctls(Object.fromEntries(names.map((name) => [name, '1'])), {
    hostNetwork: false,
  });
  return { net: net.map(([path]) => path), ipc: ipc.map(([path]) => path) };
};

describe('podSysctls()', () => {
  it('tells those of the network namespace from those of the IPC namespace', () => {
    assert.deepEqual(paths('net.core.somaxconn', 'kernel.shm_rmid_forced', 'fs.mqueue.msg_max'), {
      net: ['net/core/somaxconn'],
      ipc: ['kernel/shm_rmid_forced', 'fs/mqueue/msg_max'],
    });
  });

  it('takes the first separator for the one that separates', () => {
    assert.deepEqual(paths('net/ipv4/conf/eth0.100/rp_filter', 'net.ipv4.conf.eth0/100.forwarding').net, [
      'net/ipv4/conf/eth0.100/rp_filter',
      'net/ipv4/conf/eth0.100/forwarding',
    ]);
  });

  it('refuses those that the whole machine has', () => {
    for (const name of [
      'kernel.core_pattern',
      'kernel/core_pattern',
      'vm.swappiness',
      'fs.mqueuex',
      'kernel.semx',
    ])
      assert.throws(() => paths(name), {
        code: 'CREATE_FAILED',
        message: new RegExp(name.replace('/', '.')),
      });
  });

  it('refuses those of the network where the pod has none of its own', () => {
    assert.throws(() => podSysctls({ 'net.core.somaxconn': '1' }, { hostNetwork: true }), {
      code: 'CREATE_FAILED',
    });
  });
});
