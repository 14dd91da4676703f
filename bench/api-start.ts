// How long does the API server take from the start of its process to a /readyz that says ok? Node's own start is in it, and
// beside it.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createAuthority } from '../src/pki/authority.ts';
import { raw } from '../test/support/raw-https.ts';
import { createTestServerKeys } from '../test/support/test-api-server.ts';
import { percentile, report } from './report.ts';

const STARTS = 15;
const AGENT = join(import.meta.dirname, '../test/support/state-server-agent.ts');
const keys = await createTestServerKeys(await createAuthority('bench-ca'));

const startApi = async (): Promise<number> => {
  const startMs = performance.now();
  const child = fork(AGENT, { serialization: 'advanced' });
  child.send({ folder: undefined, keys });
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  const { code } = await raw({ port, path: '/readyz' });
  const tookMs = performance.now() - startMs;
  if (code !== 200) throw new Error(`/readyz: ${code}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return tookMs;
};
const startNode = (): number => {
  const startMs = performance.now();
  execFileSync(process.execPath, ['-e', '']);
  return performance.now() - startMs;
};

const [api, node]: [number[], number[]] = [[], []];
for (let start = 0; start < STARTS; start++) {
  api.push(await startApi());
  node.push(startNode());
}
const row = (what: string, times: readonly number[]): readonly string[] => [
  what,
  ...[0, 0.5, 1].map((p) => `${percentile(times, p).toFixed(0)} ms`),
];
report(
  `start of the process to /readyz, ${STARTS} times`,
  ['WHAT', 'LEAST', 'P50', 'MOST'],
  [row('API server', api), row('an empty program of Node', node)],
);
