// What do 10,000 pods cost in one LIST over HTTP/2, the server being asked again and again?
// The client is a process of its own; it counts bytes, as a client that parses would be most of what is measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { namespaces, pods, serviceAccounts } from '../src/k8s/resources.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';
import { podOf, statusOf } from './api-objects.ts';
import { percentile, report } from './report.ts';

const PODS = 10_000;
const LISTS = 20;

type Question = {
  readonly port: number;
  readonly identity: { readonly certificate: string; readonly key: string };
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
};
type Figures = { readonly times: readonly number[]; readonly bytes: number };

const ask = async ({ port, identity, path, headers }: Question): Promise<Figures> => {
  const session = connect(`https://127.0.0.1:${port}`, {
    cert: identity.certificate,
    key: identity.key,
    rejectUnauthorized: false,
    settings: { initialWindowSize: 16 << 20 }, // as Go's client has it, about
  });
  const times: number[] = [];
  let bytes = 0;
  for (let index = 0; index < LISTS; index++) {
    const startMs = performance.now();
    const stream = session.request({ ':path': path, ...headers });
    bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(stream, 'end');
    times.push(performance.now() - startMs);
  }
  session.close();
  return { times: times.slice(LISTS / 4), bytes }; // the first lists compile the code
};

const measure = async (question: Question): Promise<Figures> => {
  const child = fork(import.meta.filename, ['client']);
  child.send(question);
  const [figures] = (await once(child, 'message')) as [Figures];
  child.disconnect();
  return figures;
};

const serve = async (): Promise<void> => {
  const api = await startTestApiServer();
  await api.put(namespaces, { metadata: { name: 'default' } });
  await api.put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  const internal = api.server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] });
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  for (let index = 0; index < PODS; index++) {
    const pod = await api.put(pods, podOf(index));
    await internal.updateStatus(pods, { ...pod, status: statusOf(index)! });
  }
  const rows: (readonly string[])[] = [];
  const list = async (what: string, headers: Readonly<Record<string, string>>, query = ''): Promise<void> => {
    const { port, admin: identity } = api;
    const path = `/api/v1/pods${query}`;
    const before = process.cpuUsage();
    const { times, bytes } = await measure({ port, identity, path, headers });
    const { user, system } = process.cpuUsage(before);
    const p50 = percentile(times, 0.5);
    rows.push([
      what,
      megabytes(bytes),
      `${p50.toFixed(0)} ms`,
      `${percentile(times, 0.99).toFixed(0)} ms`,
      `${(bytes / 1e6 / (p50 / 1000)).toFixed(0)} MB/s`,
      `${((user + system) / 1000 / LISTS).toFixed(0)} ms`,
    ]);
  };
  await list('JSON', {});
  await list('JSON, gzip', { 'accept-encoding': 'gzip' });
  await list('a page of 500', {}, '?limit=500');
  await list('Table, as kubectl get asks', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  report(`LIST of ${PODS} pods`, ['AS', 'SIZE', 'P50', 'P99', 'A SECOND', 'CPU OF THE SERVER'], rows);
  await api.close();
};

if (process.argv[2] === 'client')
  process.once(
    'message',
    (question: Question) => void ask(question).then((figures) => process.send!(figures)),
  );
else await serve();
