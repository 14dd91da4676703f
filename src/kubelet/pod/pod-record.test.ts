import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createFakeClient } from '../../../test/support/fake-client.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createFakeRuntime } from '../../../test/support/fake-runtime.ts';
import { boundPod } from '../../../test/support/test-kubelet.ts';
import { pods } from '../../k8s/resources.ts';
import { silentLog } from '../../lang/log.ts';
import { createPodFolders } from '../pod-folders.ts';
import { createReferences } from '../references.ts';
import { createServiceAccountTokens } from '../volumes/service-account-tokens.ts';
import type { PodContext } from './context.ts';
import { observe } from './observe.ts';
import { newRecord } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { runSandbox } from './sandbox-operations.ts';
import { createSlots } from './slots.ts';
import { startContainer } from './start-container.ts';

const folder = mkdtempSync(join(tmpdir(), 'podnet-test-record-'));
after(() => rmSync(folder, { recursive: true }));

const clock = createFakeClock();
const client = createFakeClient();
const runtime = createFakeRuntime(clock);
const memoryFiles = { mount: () => {}, unmount: () => {} };
const folders = createPodFolders({ stateFolder: folder, logFolder: join(folder, 'logs'), memoryFiles });
const context: PodContext = {
  client,
  runtime,
  node: { name: 'node-1', zone: undefined, addresses: ['172.30.0.11'], podCidrs: [] },
  cluster: { name: 'test', domain: 'cluster.local', dnsServiceIps: [] },
  hostResolvConf: { nameservers: [], searches: [] },
  memoryFiles,
  clock,
  log: silentLog,
  services: { ofNamespace: () => [], kubernetes: () => undefined, stop: () => {} },
  folders,
  references: createReferences(client, clock),
  tokens: createServiceAccountTokens(client, clock),
  recorder: { record: () => {} },
  capacity: { cpuMillis: 1000, memoryBytes: 1 << 30 },
  slots: createSlots(1),
};

/** Starts the container and lets it end. */
const crash = async (record: PodRecord, attempt: number): Promise<void> => {
  await startContainer(context, record, record.pod.spec!.containers[0]!, attempt);
  record.preStopped.add(runtime.latest('web').id);
  record.backOffTold.add(runtime.latest('web').id);
  runtime.exit('web', 1);
  await observe(runtime, folders, record);
};

const remembered = ({ images, terminationMessages, preStopped, backOffTold }: PodRecord): readonly number[] =>
  [images, terminationMessages, preStopped, backOffTold].map(({ size }) => size);

describe('PodRecord', () => {
  it('remembers nothing of containers that have been removed', async () => {
    const record = newRecord(client.put(pods, boundPod('a')), clock.now());
    await runSandbox(context, record, { attempt: 0, replaces: undefined });
    for (let attempt = 0; attempt < 10; attempt++) await crash(record, attempt);
    assert.deepEqual(remembered(record), [2, 2, 2, 2]); // the last, and the one before it
    await runSandbox(context, record, { attempt: 1, replaces: record.sandbox!.id });
    assert.deepEqual(remembered(record), [0, 0, 0, 0]);
  });
});
