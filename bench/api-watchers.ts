// How late do 1,000 watchers hear of 100 events a second, and what does a watcher cost in memory? The watchers are in a
// process of their own that looks for the time of writing in what it reads: both processes share one monotonic clock.
//   node bench/api-watchers.ts [WATCHERS] [EVENTS A SECOND]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../src/client/client.ts';
import { configMaps, namespaces } from '../src/k8s/resources.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';
import { percentile, report } from './report.ts';

const [watchers = 1000, eventsPerSecond = 100] = process.argv.slice(2).map(Number);
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const STREAMS_PER_CONNECTION = 100;
const PAYLOAD = 'x'.repeat(1000);
const BEAT = { name: 'beat', namespace: 'default' };
const MARK = Buffer.from('"sent":"');
const PATH = '/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=';

type Order = {
  readonly origin: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly watchers: number;
  readonly since: string;
};
type Heard = { readonly latenciesMs: readonly number[]; readonly cpuUs: number };

/** In nanoseconds since the machine's start. */
const now = (): bigint => process.hrtime.bigint();

/** Of this process, since it began. */
const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const END = 0x22; // '"'
const LINE_END = 0x0a;
/** Of a mark and its number. */
const CUT_BYTES_MAX = 64;

/** How late each mark in the chunks of a stream is; one that is cut by the end of a chunk is read with the next. */
const reader = (note: (ms: number) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer | undefined;
  return (chunk) => {
    const atNs = now();
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    let from = 0;
    for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, from)) {
      const end = bytes.indexOf(END, at + MARK.length);
      if (end < 0) break;
      note(Number(atNs - BigInt(bytes.toString('latin1', at + MARK.length, end))) / 1e6);
      from = end;
    }
    rest =
      bytes.at(-1) === LINE_END ? undefined : bytes.subarray(Math.max(from, bytes.length - CUT_BYTES_MAX));
  };
};

const watch = async ({ origin, tls, watchers: count, since }: Order): Promise<void> => {
  const latenciesMs: number[] = [];
  const sessions: ClientHttp2Session[] = [];
  for (let index = 0; index < count; index++) {
    if (index % STREAMS_PER_CONNECTION === 0) sessions.push(connect(origin, tls));
    const stream = sessions.at(-1)!.request({ ':path': PATH + since });
    stream.on(
      'data',
      reader((ms) => latenciesMs.push(ms)),
    );
    await once(stream, 'response');
  }
  let startUs = cpuUs();
  process.on('message', (order: 'forget' | 'tell') => {
    if (order === 'tell') process.send!({ latenciesMs, cpuUs: cpuUs() - startUs } satisfies Heard);
    latenciesMs.length = 0;
    startUs = cpuUs();
  });
  process.send!('watching');
};

/** Resolves when the time is over; returns how many were written. */
const writeFor = async (client: ApiClient, seconds: number): Promise<number> => {
  const startMs = performance.now();
  let written = 0;
  const writes: Promise<unknown>[] = [];
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * eventsPerSecond);
    for (; written < due; written++) writes.push(write(client));
    await wait(1);
  }
  await Promise.all(writes);
  return written;
};

const write = (client: ApiClient): Promise<unknown> =>
  client.update(configMaps, { metadata: BEAT, data: { payload: PAYLOAD, sent: String(now()) } });

const ask = async <T>(child: ChildProcess, order: string): Promise<T> => {
  child.send(order);
  return (await once(child, 'message'))[0] as T;
};

const measure = async (): Promise<void> => {
  const api = await startTestApiServer();
  await api.put(namespaces, { metadata: { name: 'default' } });
  const internal = api.server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] });
  const { metadata } = await internal.create(configMaps, { metadata: BEAT });
  const before = process.memoryUsage().rss;
  const child = fork(import.meta.filename, ['watch'], { serialization: 'advanced' });
  child.send({
    origin: `https://127.0.0.1:${api.port}`,
    tls: { ca: api.authority.certificate, cert: api.admin.certificate, key: api.admin.key },
    watchers,
    since: metadata.resourceVersion,
  } satisfies Order);
  await once(child, 'message');
  const quiet = process.memoryUsage().rss;
  await writeFor(internal, WARM_UP_SECONDS);
  child.send('forget');
  const startUs = cpuUs();
  const written = await writeFor(internal, SECONDS);
  await wait(1000);
  const serverUs = cpuUs() - startUs;
  const { latenciesMs, cpuUs: clientUs } = await ask<Heard>(child, 'tell');
  child.kill();
  await api.close();
  report(
    `write to watch: ${watchers} watchers, ${eventsPerSecond} events of ${PAYLOAD.length} bytes a second, for ${SECONDS} s`,
    ['HEARD', 'P50', 'P99', 'MAX', 'CPU OF AN EVENT, SERVER', 'CLIENT', 'MEMORY A WATCHER', 'RSS'],
    [
      [
        `${latenciesMs.length} of ${written * watchers}`,
        ...[0.5, 0.99, 1].map((part) => `${percentile(latenciesMs, part).toFixed(1)} ms`),
        ...[serverUs, clientUs].map((us) => `${(us / latenciesMs.length).toFixed(1)} us`),
        `${((quiet - before) / watchers / 1e3).toFixed(1)} kB`,
        `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
      ],
    ],
  );
};

if (process.argv[2] === 'watch') process.once('message', (order: Order) => void watch(order));
else await measure();
