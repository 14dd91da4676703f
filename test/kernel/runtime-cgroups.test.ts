// Programs on cgroups of version 2 see a pod's processes only if they are in one from the first instruction on.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unifiedCgroupRoot } from '../../src/kernel/unified-cgroup.ts';
import { eventually } from '../support/poll.ts';
import { type TestRuntime, startTestRuntime } from '../support/test-runtime.ts';

const root = unifiedCgroupRoot();

describe('process runtime: cgroups', { skip: !root && 'no cgroups of version 2 here' }, () => {
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime('cgroups', true);
  });
  after(() => test?.remove());

  it('has containers and what is executed in them in the pod’s cgroup of version 2', async () => {
    const cgroupParent = '/podnet/test-cgroups/node-1/pods/pod-a';
    const sandbox = await test.sandbox({ cgroupParent });
    const read = 'grep ^0:: /proc/self/cgroup';
    const id = await test.run(sandbox, {
      command: ['sh', '-c', `${read} > /tmp/cgroup; ls -l /proc/self/fd > /tmp/fds; exec sleep infinity`],
    });
    const exec = async (script: string): Promise<string> =>
      Buffer.from((await test.runtime.execSync(id, ['sh', '-c', script], 5000)).stdout).toString();
    await eventually('the container has written', async () => (await exec('cat /tmp/fds')) !== '');
    assert.match(await exec('cat /tmp/cgroup'), /^0::\/podnet\/test-cgroups\/node-1\/pods\/pod-a(\/|$)/m);
    assert.match(await exec(read), /^0::\/podnet\/test-cgroups\/node-1\/pods\/pod-a(\/|$)/m);
    assert.doesNotMatch(await exec('cat /tmp/fds'), /cgroup/);
    await test.runtime.removePodSandbox(sandbox);
    assert.equal(existsSync(join(root!, cgroupParent)), false);
  });
});
