// Nobody outside of the API server's process hears of a write before it is on the disk.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { configMaps, namespaces } from '../../src/k8s/resources.ts';
import type { State } from '../../src/state/state.ts';
import { eventually } from '../support/poll.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { openTestState } from '../support/test-state.ts';

const ref = (name: string) => ({ name, namespace: 'default' });

describe('an API server whose disk is slow', () => {
  let root: string;
  let state: State;
  let api: TestApiServer;
  /** The disk stands still until it is let go. */
  let held: { readonly letGo: () => void; readonly flushed: Promise<void> } | undefined;
  const hold = (): void => {
    const { promise: flushed, resolve: letGo } = Promise.withResolvers<void>();
    held = { letGo, flushed };
  };
  const letGo = (): void => {
    held?.letGo();
    held = undefined;
  };
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'podnet-settling-'));
    state = openTestState(join(root, 'state'), { flush: async () => held?.flushed });
    api = await startTestApiServer({ state });
    await api.put(namespaces, { metadata: { name: 'default' } });
  });
  afterEach(letGo);
  after(async () => {
    await api?.close();
    await state?.close();
    rmSync(root, { recursive: true });
  });

  /** Whether it has happened by the time that a request without any object in it has gone there and back. */
  const isDoneSoon = async (promise: Promise<unknown>): Promise<boolean> => {
    let isDone = false;
    void promise.then(() => (isDone = true));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    return isDone;
  };

  it('answers neither the writer nor a reader, and tells no watcher, before the write is safe', async () => {
    const signal = new AbortController();
    const seen: string[] = [];
    const { resourceVersion } = await api.client.list(configMaps);
    const watching = (async () => {
      for await (const event of api.client.watch(configMaps, { resourceVersion, signal: signal.signal }))
        if (event.type !== 'BOOKMARK') seen.push(event.object.metadata.name);
    })();
    await api.put(configMaps, { metadata: ref('first') });
    await eventually('the watch is there', () => seen.join() === 'first');
    hold();
    const inProcess = await api.put(configMaps, { metadata: ref('inside') });
    assert.equal(inProcess.metadata.name, 'inside', 'who ends with the process need not wait');
    const write = api.client.create(configMaps, { metadata: ref('outside') });
    await eventually('the write is in memory', () =>
      api.server.registry
        .list(api.server.registry.kinds.find(configMaps)!, {})
        .items.some(({ metadata }) => metadata.name === 'outside'),
    );
    const read = api.client.get(configMaps, ref('outside'));
    assert.deepEqual(await Promise.all([isDoneSoon(write), isDoneSoon(read)]), [false, false]);
    assert.deepEqual(seen, ['first']);
    letGo();
    const [written, found] = await Promise.all([write, read]);
    assert.deepEqual(found, written);
    await eventually('the watcher has both, in order', () => seen.join() === 'first,inside,outside');
    signal.abort();
    await watching;
  });

  it('starts a watch only with what is safe', async () => {
    hold();
    await api.put(configMaps, { metadata: ref('late') });
    const signal = new AbortController();
    const first = (async () => {
      const options = { resourceVersion: '0', fieldSelector: 'metadata.name=late', signal: signal.signal };
      for await (const event of api.client.watch(configMaps, options)) return event.type;
      return 'nothing';
    })();
    assert.equal(await isDoneSoon(first), false);
    letGo();
    assert.equal(await first, 'ADDED');
    signal.abort();
  });
});

describe('an API server whose disk fails', () => {
  it('refuses writes from then on, and goes on to answer reads', async () => {
    const root = mkdtempSync(join(tmpdir(), 'podnet-settling-'));
    let fails = false;
    const flush = () => (fails ? Promise.reject(new Error('EIO: i/o error, fdatasync')) : Promise.resolve());
    const state = openTestState(join(root, 'state'), { flush });
    const api = await startTestApiServer({ state });
    try {
      await api.client.create(namespaces, { metadata: { name: 'default' } });
      await api.client.create(configMaps, { metadata: ref('before') });
      fails = true;
      const refused = { code: 500, message: /could not be flushed to the disk \(EIO.*reading goes on/ };
      await assert.rejects(api.client.create(configMaps, { metadata: ref('lost') }), refused);
      await assert.rejects(api.client.create(configMaps, { metadata: ref('next') }), refused);
      assert.equal((await api.client.get(configMaps, ref('before'))).metadata.name, 'before');
      await assert.rejects(api.client.get(configMaps, ref('next')), { code: 404 });
    } finally {
      await api.close();
      await state.close();
      rmSync(root, { recursive: true });
    }
  });
});
