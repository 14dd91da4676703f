// Only CAP_SYS_RESOURCE in the machine's own user namespace may make a process less likely to be killed (proc_pid_oom_score_adj(5)).
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { removeRuntimeTraces } from '../../src/runtime/process/remove-traces.ts';
import { run, runOk } from '../support/test-cluster.ts';

const AGENT = join(import.meta.dirname, '../support/oom-score-agent.ts');
const WITHOUT = ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource'];

describe('process runtime: oom_score_adj', () => {
  const name = 'oom-score';
  const folder = mkdtempSync(join(tmpdir(), 'podnet-test-runtime-'));
  after(() => {
    removeRuntimeTraces({
      clusterName: `test-${name}`,
      stateFolder: join(folder, 'state'),
      runFolder: join(folder, 'run'),
    });
    rmSync(folder, { recursive: true, force: true });
  });

  it('is what was asked for where that is allowed', async (t) => {
    const { code } = await run('sh', ['-c', 'echo -997 > /proc/self/oom_score_adj']);
    if (code !== 0) return t.skip('this machine lets nobody lower it');
    assert.equal(await runOk(process.execPath, [AGENT, name, folder]), '-997\n-997\n');
  });

  it('is the agent’s own where a lower one is not allowed, and the container starts', async () => {
    const [program, ...args] = [...WITHOUT, process.execPath, AGENT, name, folder];
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
    assert.equal(await runOk(program!, args), own + own);
  });
});
