// What is left when the node agent dies: found again by the next one, and removable from outside.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { listNetns } from '../../src/kernel/netns.ts';
import { processIdOf } from '../../src/kernel/process-id.ts';
import { removeRuntimeTraces } from '../../src/runtime/process/remove-traces.ts';
import { createTestRuntime } from '../support/test-runtime.ts';

const AGENT = join(import.meta.dirname, '../support/runtime-agent.ts');

describe('process runtime after kill -9', () => {
  let folder: string;
  let agent: ChildProcess;
  let facts: { readonly sandboxId: string; readonly containerId: string; readonly pid: number };
  const name = 'restart';
  const remove = (): void =>
    removeRuntimeTraces({
      clusterName: `test-${name}`,
      stateFolder: join(folder, 'state'),
      runFolder: join(folder, 'run'),
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-test-runtime-'));
    agent = fork(AGENT, [name, folder]);
    [facts] = (await once(agent, 'message')) as [typeof facts];
    agent.kill('SIGKILL');
    await once(agent, 'exit');
  });
  afterEach(() => {
    remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the next agent finds sandbox and container, the container ended, and can remove them', async () => {
    assert.ok(processIdOf(facts.pid), 'the container outlives its agent');
    const runtime = await createTestRuntime(name, folder);
    const [sandbox] = await runtime.listPodSandbox();
    assert.deepEqual([sandbox?.id, sandbox?.state], [facts.sandboxId, 'ready']);
    const [container] = await runtime.listContainers(facts.sandboxId);
    const { id, state, exitCode, reason } = container!;
    assert.deepEqual(
      [id, state, exitCode, reason],
      [facts.containerId, 'exited', 137, 'ContainerStatusUnknown'],
    );
    await runtime.removePodSandbox(facts.sandboxId);
    assert.deepEqual([await runtime.listPodSandbox(), await runtime.listContainers()], [[], []]);
    assert.equal(processIdOf(facts.pid), undefined);
    assert.deepEqual(listNetns(`podnet-test-${name}-`), []);
    await runtime.close();
  });

  it('removeRuntimeTraces() ends and removes everything, and may be called again', () => {
    assert.equal(listNetns(`podnet-test-${name}-`).length, 1);
    for (let round = 0; round < 2; round++) {
      remove();
      assert.equal(processIdOf(facts.pid), undefined);
      assert.deepEqual(listNetns(`podnet-test-${name}-`), []);
      assert.deepEqual(cgroupsNamed(`test-${name}`), []);
      assert.equal(existsSync(join(folder, 'state/node-1/runtime')), false);
    }
  });
});

const cgroupsNamed = (name: string): readonly string[] =>
  ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((controller) => `/sys/fs/cgroup/${controller}`)]
    .map((root) => join(root, 'podnet', name))
    .filter((path) => existsSync(path));
