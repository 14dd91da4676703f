// How many writes a second does the API server acknowledge, in memory and with a state folder, and how long does one take
// at 1,000 a second? Over HTTP/2 and TLS, the server in a process of its own.
// The peer of the folder's rows is the disk itself: a loop of write and fdatasync in the same folder, one after the other.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from '../src/client/http-client.ts';
import { configMaps, namespaces } from '../src/k8s/resources.ts';
import { createAuthority } from '../src/pki/authority.ts';
import { connectToTestServer, createTestServerKeys } from '../test/support/test-api-server.ts';
import { percentile, report } from './report.ts';

const SECONDS = 10;
const WRITERS = 64;
const RATE = 1000;
const PAYLOAD = 'x'.repeat(1000);
/** Not /tmp: that may be memory. */
const FOLDER = process.argv[2] ?? '/var/tmp';

const AGENT = join(import.meta.dirname, '../test/support/state-server-agent.ts');
const keys = await createTestServerKeys(await createAuthority('bench-ca'));
const root = mkdtempSync(join(FOLDER, 'podnet-bench-'));

const start = async (folder: string | undefined): Promise<readonly [ChildProcess, HttpClient]> => {
  const child = fork(AGENT, { serialization: 'advanced' });
  child.send({ folder, keys });
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  const client = connectToTestServer(port, keys);
  await client.create(namespaces, { metadata: { name: 'default' } });
  return [child, client];
};

const write = (client: HttpClient, name: string): Promise<unknown> =>
  client.create(configMaps, { metadata: { name, namespace: 'default' }, data: { payload: PAYLOAD } });

/** As many as go, one after the other for each writer. */
const flatOut = async (client: HttpClient, round: string): Promise<number> => {
  const end = performance.now() + SECONDS * 1000;
  let writes = 0;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let index = 0; performance.now() < end; index++, writes++)
      await write(client, `${round}-${writer}-${index}`);
  });
  await Promise.all(writers);
  return writes / SECONDS;
};

/** So many a second are due, whether or not the ones before are answered: from then to the answer, in ms. */
const paced = async (client: HttpClient): Promise<readonly number[]> => {
  const begun = performance.now();
  const latencies: number[] = [];
  let next = 0;
  const writers = Array.from({ length: WRITERS }, async () => {
    for (let index = next++; index < RATE * SECONDS; index = next++) {
      const due = begun + (index * 1000) / RATE;
      while (performance.now() < due) await delay(1);
      await write(client, `paced-${index}`);
      latencies.push(performance.now() - due);
    }
  });
  await Promise.all(writers);
  return latencies;
};

const plainLoop = (): number => {
  const fd = openSync(join(root, 'plain'), 'w');
  const block = Buffer.alloc(4096);
  const end = performance.now() + 3000;
  let flushes = 0;
  for (; performance.now() < end; flushes++) {
    writeSync(fd, block);
    fdatasyncSync(fd);
  }
  closeSync(fd);
  return flushes / 3;
};

const rows: (readonly string[])[] = [];
try {
  for (const [what, folder] of [
    ['in memory', undefined],
    ['with a state folder', join(root, 'state')],
  ] as const) {
    if (folder) mkdirSync(folder);
    const [child, client] = await start(folder);
    await flatOut(client, 'warm');
    const latencies = await paced(client);
    const perSecond = await flatOut(client, 'hot');
    rows.push([
      what,
      perSecond.toFixed(0),
      ...[0.5, 0.99].map((p) => `${percentile(latencies, p).toFixed(1)} ms`),
    ]);
    client.close();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rows.push(['write and fdatasync, one at a time', plainLoop().toFixed(0), '', '']);
} finally {
  rmSync(root, { recursive: true });
}
report(
  `acknowledged writes of a ConfigMap of ${PAYLOAD.length} bytes, ${WRITERS} writers for ${SECONDS} s; then ${RATE} a second`,
  ['STATE', 'A SECOND', 'P50 AT 1,000', 'P99 AT 1,000'],
  rows,
);
