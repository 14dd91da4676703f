// How much memory does an API server take with 10,000 Services and 30,000 pods? A process of its own with the flags of a
// cluster's: empty, full, and after a client has listed all pods.
//   node bench/api-memory.ts [SERVICES] [PODS]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ApiServerOptions, createApiServer } from '../src/apiserver/api-server.ts';
import { PROCESS_FLAGS } from '../src/cli/process-flags.ts';
import { namespaces, pods, serviceAccounts, services } from '../src/k8s/resources.ts';
import { systemClock } from '../src/lang/clock.ts';
import { silentLog } from '../src/lang/log.ts';
import { podOf, serviceOf, statusOf } from './api-objects.ts';

type Options = Omit<ApiServerOptions, 'clock' | 'log'>;
type Order = { readonly services: number; readonly pods: number };
type Answer = { readonly port: number; readonly heapBytes: number };

const serve = async (options: Options): Promise<void> => {
  const server = createApiServer({ ...options, clock: systemClock, log: silentLog });
  const [port] = await server.listen([{ host: '127.0.0.1', port: 0 }]);
  const client = server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] });
  const fill = async (order: Order): Promise<void> => {
    await client.create(namespaces, { metadata: { name: 'default' } });
    await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    for (let index = 0; index < order.services; index++) await client.create(services, serviceOf(index));
    for (let index = 0; index < order.pods; index++) {
      const pod = await client.create(pods, podOf(index));
      await client.updateStatus(pods, { ...pod, status: statusOf(index)! });
    }
  };
  const answer = (): void =>
    void process.send!({ port: port!, heapBytes: process.memoryUsage().heapUsed } satisfies Answer);
  process.on(
    'message',
    (order: Order | 'tell') => void (order === 'tell' ? answer() : fill(order).then(answer)),
  );
  process.once('disconnect', () => process.exit());
  answer();
};

const measure = async ([serviceCount = 10_000, podCount = 30_000]: readonly number[]): Promise<void> => {
  const [{ createAuthority }, support, { report }] = await Promise.all([
    import('../src/pki/authority.ts'),
    import('../test/support/test-api-server.ts'),
    import('./report.ts'),
  ]);
  const keys = await support.createTestServerKeys(await createAuthority('bench-ca'));
  const child = fork(import.meta.filename, ['server'], {
    serialization: 'advanced',
    execArgv: [...PROCESS_FLAGS],
  });
  const ask = async (message: Options | Order | 'tell'): Promise<Answer> => {
    child.send(message);
    return (await once(child, 'message'))[0] as Answer;
  };
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const rows: (readonly string[])[] = [];
  const note = (what: string, { heapBytes }: Answer): void =>
    void rows.push([what, megabytes(rssOf(child)), megabytes(heapBytes)]);
  const empty = await ask(support.testServerOptions(keys));
  note('nothing', empty);
  const full = await ask({ services: serviceCount, pods: podCount });
  note(`${serviceCount} Services, ${podCount} pods`, full);
  const client = support.connectToTestServer(full.port, keys);
  await client.list(pods);
  note('the same, all pods listed', await ask('tell'));
  client.close();
  child.disconnect();
  report('memory of the process of an API server', ['WHAT IT HOLDS', 'RSS', 'JS HEAP'], rows);
};

/** Resident, in bytes (proc_pid_status(5)). */
const rssOf = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

if (process.argv[2] === 'server') process.once('message', (options: Options) => void serve(options));
else await measure(process.argv.slice(2).map(Number));
