// A state folder on a disk that runs full.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApiError } from '../../src/k8s/api-error.ts';
import { configMaps, namespaces, services } from '../../src/k8s/resources.ts';
import { mountTmpfs, unmountTmpfs } from '../../src/kernel/tmpfs.ts';
import { type State } from '../../src/state/state.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { openTestState } from '../support/test-state.ts';

describe('an API server whose disk is full', () => {
  let root: string;
  let folder: string;
  let other: string;
  let state: State;
  let api: TestApiServer;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'podnet-full-'));
    mountTmpfs(root, { sizeBytes: 16 << 20, mode: '0700' });
    other = join(root, 'other');
    writeFileSync(other, Buffer.alloc(1 << 20));
    folder = join(root, 'state');
    state = openTestState(folder);
    api = await startTestApiServer({ state });
    await api.client.create(namespaces, { metadata: { name: 'default' } });
  });
  after(async () => {
    await api?.close();
    await state?.close();
    unmountTmpfs(root);
    rmSync(root, { recursive: true });
  });
  const fill = (name: string) =>
    api.client.create(configMaps, {
      metadata: { name, namespace: 'default' },
      data: { text: 'x'.repeat(50_000) },
    });

  it('refuses a write whole, with 507 and the remedy, reads go on, and so do writes when there is space', async () => {
    const refusals: unknown[] = [];
    let begun = 0;
    let stored = 0;
    const writers = Array.from({ length: 8 }, async () => {
      for (let isRefused = false; !isRefused && begun < 1000;)
        await fill(`c-${begun++}`).then(
          () => stored++,
          (error: unknown) => (isRefused = refusals.push(error) > 0),
        );
    });
    await Promise.all(writers);
    assert.equal(refusals.length, writers.length);
    for (const refusal of refusals) {
      assert.ok(refusal instanceof ApiError);
      assert.equal(refusal.code, 507);
      assert.equal(refusal.reason, 'InsufficientStorage');
      assert.match(refusal.message, /nothing was written: the disk of .*state\.db is full\. Free space/);
    }
    const { items, resourceVersion } = await api.client.list(configMaps);
    assert.equal(items.length, stored);
    assert.equal(
      resourceVersion,
      items
        .map(({ metadata }) => Number(metadata.resourceVersion))
        .sort((a, b) => b - a)[0]
        ?.toString(),
    );
    const service = {
      metadata: { name: 's', namespace: 'default' },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] },
    };
    await assert.rejects(
      api.client.create(services, {
        ...service,
        metadata: { ...service.metadata, annotations: { big: 'x'.repeat(200_000) } },
      }),
      { code: 507 },
    );
    rmSync(other);
    await api.client.create(services, service); // its port and addresses were given back
    await fill('after');
    await api.close();
    await state.close();
    state = openTestState(folder);
    const counted = state.restored.entries.filter(({ table }) => table === '/configmaps');
    assert.equal(counted.length, stored + 1);
  });
});
