// How long does the API server take from the start of its process to a /readyz that says ok? Node's own start is in it, and
// beside it. The process loads what the cluster's process loads of it, and nothing of the tests.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ApiServerOptions } from '../src/apiserver/api-server.ts';
import { PROCESS_FLAGS } from '../src/cli/process-flags.ts';

const STARTS = 15;
/** As ./podnet sets it: compiled code is kept from one start to the next. */
const CACHE = { NODE_COMPILE_CACHE: join(import.meta.dirname, '../.podnet/compile-cache') };

type Options = Omit<ApiServerOptions, 'clock' | 'log'>;

const serve = async (options: Options): Promise<void> => {
  const [{ createApiServer }, { systemClock }, { silentLog }] = await Promise.all([
    import('../src/apiserver/api-server.ts'),
    import('../src/lang/clock.ts'),
    import('../src/lang/log.ts'),
  ]);
  const server = createApiServer({ ...options, clock: systemClock, log: silentLog });
  const [port] = await server.listen([{ host: '127.0.0.1', port: 0 }]);
  process.send!({ port });
  process.once('disconnect', () => process.exit()); // the cache is written then
};

const startNode = (): number => {
  const startMs = performance.now();
  execFileSync(process.execPath, ['-e', '']);
  return performance.now() - startMs;
};

const measure = async (): Promise<void> => {
  const [{ createAuthority }, { raw }, { createTestServerKeys, testServerOptions }, { percentile, report }] =
    await Promise.all([
      import('../src/pki/authority.ts'),
      import('../test/support/raw-https.ts'),
      import('../test/support/test-api-server.ts'),
      import('./report.ts'),
    ]);
  const options: Options = testServerOptions(await createTestServerKeys(await createAuthority('bench-ca')));
  const startApi = async (): Promise<number> => {
    const startMs = performance.now();
    const child = fork(import.meta.filename, ['server'], {
      serialization: 'advanced',
      execArgv: [...PROCESS_FLAGS],
      env: { ...process.env, ...CACHE },
    });
    child.send(options);
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
    const { code } = await raw({ port, path: '/readyz' });
    const tookMs = performance.now() - startMs;
    if (code !== 200) throw new Error(`/readyz: ${code}`);
    child.disconnect();
    await once(child, 'exit');
    return tookMs;
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
};

if (process.argv[2] === 'server') process.once('message', (options: Options) => void serve(options));
else await measure();
