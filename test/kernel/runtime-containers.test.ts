// Real containers from the real images: what a pod's containers share, what they do not, how they start and end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PodRuntime } from '../../src/runtime/runtime.ts';
import { eventually } from '../support/poll.ts';
import { type TestRuntime, startTestRuntime } from '../support/test-runtime.ts';

describe('process runtime', () => {
  let test: TestRuntime;
  let runtime: PodRuntime;
  before(async () => {
    test = await startTestRuntime('containers');
    runtime = test.runtime;
  });
  after(() => test?.remove());

  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  const exec = async (id: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await runtime.execSync(id, ['sh', '-c', script], 5000);
    assert.equal(exitCode, 0, text(stderr));
    return text(stdout).trim();
  };

  const log = (sandboxNumber: number, name: string): string =>
    readFileSync(join(test.folder, 'logs', `uid-${sandboxNumber}`, name, '0.log'), 'utf8');

  it('containers of a sandbox share localhost and have mounts and pids of their own', async () => {
    const sandbox = await test.sandbox();
    const listen = 'echo hello > /tmp/page; exec socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:"cat /tmp/page"';
    const server = await test.run(sandbox, { name: 'server', command: ['sh', '-c', listen] });
    const client = await test.run(sandbox, { name: 'client', command: ['sleep', 'infinity'] });
    await eventually('the page', async () => (await exec(client, 'nc 127.0.0.1 8080')) === 'hello');
    assert.equal(await exec(client, 'ls /tmp'), '');
    assert.equal(await exec(server, 'ls /tmp'), 'page');
    assert.equal(await exec(client, 'cat /proc/1/comm'), 'sleep');
    for (const [kind, isShared] of [
      ['net', true],
      ['pid', false],
      ['mnt', false],
      ['ipc', false],
      ['uts', false],
    ] as const) {
      const [a, b] = [
        await exec(client, `readlink /proc/self/ns/${kind}`),
        await exec(server, `readlink /proc/self/ns/${kind}`),
      ];
      assert.equal(a === b, isShared, `${kind} namespaces ${a} and ${b}`);
    }
    await runtime.removePodSandbox(sandbox);
    assert.deepEqual(await runtime.listContainers(sandbox), []);
    assert.equal(await runtime.podSandboxStatus(sandbox), undefined);
  });

  it('a container that ends tells its exit code, and its output is in the log', async () => {
    const sandbox = await test.sandbox();
    const script = 'echo out; echo err >&2; echo file > /dev/stdout; printf rest; exit 3';
    const id = await test.run(sandbox, { command: ['sh', '-c'], args: [script] });
    const status = await eventually('the end', async () => {
      const now = await runtime.containerStatus(id);
      return now?.state === 'exited' ? now : undefined;
    });
    assert.deepEqual([status.exitCode, status.reason], [3, 'Error']);
    const lines = log(2, 'c').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, '')).sort(),
      ['stderr F err', 'stdout F file', 'stdout F out', 'stdout F rest'],
    );
  });
});
