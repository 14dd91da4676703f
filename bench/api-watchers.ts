// How late do 1,000 watchers hear of 100 events a second, and what does a watcher cost in memory? The watchers are in a
// process of their own that looks for the time of writing in what it reads: both processes share one monotonic clock.
//   node bench/api-watchers.ts [WATCHERS] [EVENTS A SECOND]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { configMaps, namespaces } from '../src/k8s/resources.ts';
import { type TestApiServer, startTestApiServer } from '../test/support/test-api-server.ts';
import { percentile, report } from './report.ts';

const [watchers = 1000, eventsPerSecond = 100] = process.argv.slice(2).map(Number);
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const STREAMS_PER_CONNECTION = 100;
const PAYLOAD = 'x'.repeat(1000);
const MARK = Buffer.from('"sent":"');
const PATH = '/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=';

type Order = {
  readonly origin: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly watchers: number;
  readonly since: string;
};
type Heard = { readonly count: number; readonly latenciesMs: readonly number[] };

/** In nanoseconds since the machine's start. */
const now = (): bigint => process.hrtime.bigint();

const watch = async ({ origin, tls, watchers: count, since }: Order): Promise<void> => {
  const latenciesMs: number[] = [];
  const note = (chunk: Buffer): void => {
    const atNs = now();
    for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) {
      const from = at + MARK.length;
      latenciesMs.push(Number(atNs - BigInt(chunk.toString('latin1', from, chunk.indexOf('"', from)))) / 1e6);
    }
  };
  const sessions: ClientHttp2Session[] = [];
  for (let index = 0; index < count; index++) {
    if (index % STREAMS_PER_CONNECTION === 0) sessions.push(connect(origin, tls));
    const stream = sessions.at(-1)!.request({ ':path': PATH + since });
    stream.on('data', note);
    await once(stream, 'response');
  }
  process.on('message', (order: 'forget' | 'tell') => {
    if (order === 'tell') process.send!({ count: latenciesMs.length, latenciesMs } satisfies Heard);
    latenciesMs.length = 0;
  });
  process.send!('watching');
};

/** Resolves when the time is over; returns how many were written. */
const writeFor = async (api: TestApiServer, seconds: number): Promise<number> => {
  const startMs = performance.now();
  let written = 0;
  const writes: Promise<unknown>[] = [];
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * eventsPerSecond);
    for (; written < due; written++) writes.push(write(api));
    await wait(1);
  }
  await Promise.all(writes);
  return written;
};

const write = (api: TestApiServer): Promise<unknown> =>
  api.put(configMaps, {
    metadata: { name: 'beat', namespace: 'default' },
    data: { payload: PAYLOAD, sent: String(now()) },
  });

const ask = async <T>(child: ChildProcess, order: string): Promise<T> => {
  child.send(order);
  return (await once(child, 'message'))[0] as T;
};

const measure = async (): Promise<void> => {
  const api = await startTestApiServer();
  await api.put(namespaces, { metadata: { name: 'default' } });
  const { metadata } = await api.put(configMaps, {
    metadata: { name: 'beat', namespace: 'default' },
    data: {},
  });
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
  await writeFor(api, WARM_UP_SECONDS);
  child.send('forget');
  const written = await writeFor(api, SECONDS);
  await wait(1000);
  const { count, latenciesMs } = await ask<Heard>(child, 'tell');
  child.kill();
  await api.close();
  report(
    `write to watch: ${watchers} watchers, ${eventsPerSecond} events of ${PAYLOAD.length} bytes a second, for ${SECONDS} s`,
    ['HEARD', 'P50', 'P99', 'MAX', 'MEMORY A WATCHER', 'RSS'],
    [
      [
        `${count} of ${written * watchers}`,
        ...[0.5, 0.99, 1].map((part) => `${percentile(latenciesMs, part).toFixed(1)} ms`),
        `${((quiet - before) / watchers / 1e3).toFixed(1)} kB`,
        `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
      ],
    ],
  );
};

if (process.argv[2] === 'watch') process.once('message', (order: Order) => void watch(order));
else await measure();
