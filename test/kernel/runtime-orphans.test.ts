// What crun leaves behind when an exec fails is a zombie in the container's pid namespace, and no such namespace ends
// before its last zombie has been reaped. In a container of a CI the machine's process 1 often reaps nobody.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { removeRuntimeTraces } from '../../src/runtime/process/remove-traces.ts';

const AGENT = join(import.meta.dirname, '../support/failed-exec-agent.ts');

/** Process 1 of a pid namespace of its own becomes `sleep`, which waits for no child. */
const inIdleNamespace = (program: string, args: readonly string[]): [string, readonly string[]] => [
  'unshare',
  [
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    '"$@" & exec sleep infinity',
    'sh',
    program,
    ...args,
  ],
];

describe('process runtime where process 1 reaps nobody', () => {
  const name = 'orphans';
  const folder = mkdtempSync(join(tmpdir(), 'podnet-test-runtime-'));
  after(() => {
    removeRuntimeTraces({
      clusterName: `test-${name}`,
      stateFolder: join(folder, 'state'),
      runFolder: join(folder, 'run'),
    });
    rmSync(folder, { recursive: true, force: true });
  });

  it('a pod ends although an exec in it has failed', async () => {
    const [program, args] = inIdleNamespace(process.execPath, [AGENT, name, folder]);
    const machine = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      killSignal: 'SIGKILL',
      timeout: 30_000,
    });
    const said: string[] = [];
    for await (const line of createInterface(machine.stdout)) {
      said.push(line);
      if (line === 'removed') break;
    }
    machine.kill('SIGKILL');
    assert.deepEqual(said, ['EXEC_FAILED', 'EXEC_FAILED', 'EXEC_FAILED', 'removed']);
  });
});
