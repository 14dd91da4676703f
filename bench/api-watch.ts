// How long does a change take from the client's write to the client's watch, with 200 watchers over HTTP/2?
import type { WatchEvent } from '../src/client/client.ts';
import type { ConfigMap } from '../src/k8s/generated/types.ts';
import { configMaps, namespaces } from '../src/k8s/resources.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';
import { percentile, report } from './report.ts';

const WATCHERS = 200;
const WRITES = 300;
const PAYLOAD = 'x'.repeat(1500);

const api = await startTestApiServer();
const signal = new AbortController();
await api.put(namespaces, { metadata: { name: 'default' } });
const first = await api.put(configMaps, { metadata: { name: 'beat', namespace: 'default' } });

const sentAtMs = new Map<string, number>();
const latenciesMs: number[] = [];
let wake: () => void = () => {};
let seen = 0;

const note = (event: WatchEvent<ConfigMap>): void => {
  if (event.type === 'BOOKMARK') return;
  latenciesMs.push(performance.now() - sentAtMs.get(event.object.data?.['beat'] ?? '')!);
  seen++;
  if (seen % WATCHERS === 0) wake();
};
const watchers = Array.from({ length: WATCHERS }, async () => {
  const options = { resourceVersion: first.metadata.resourceVersion, signal: signal.signal };
  for await (const event of api.client.watch(configMaps, options)) note(event);
});

for (let beat = 0; beat < WRITES; beat++) {
  const allSeen = new Promise<void>((resolve) => (wake = resolve));
  sentAtMs.set(String(beat), performance.now());
  const data = { beat: String(beat), payload: PAYLOAD };
  await api.client.update(configMaps, { metadata: { name: 'beat', namespace: 'default' }, data });
  await allSeen;
}
signal.abort();
await Promise.all(watchers);
const warm = latenciesMs.slice(WATCHERS * 20); // the first writes compile the code
const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
report(
  `write to watch, ${WATCHERS} watchers, ${WRITES} writes of ${PAYLOAD.length} bytes, client and server in one process`,
  ['P50', 'P99', 'MAX', 'RSS'],
  [
    [
      milliseconds(percentile(warm, 0.5)),
      milliseconds(percentile(warm, 0.99)),
      milliseconds(Math.max(...warm)),
      `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
    ],
  ],
);
await api.close();
