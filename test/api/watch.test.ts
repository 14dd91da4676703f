// Watches over HTTP: the frames on the wire, their end, bookmarks, and what happens to a client that does not read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { configMaps, namespaces } from '../../src/k8s/resources.ts';
import { eventually } from '../support/poll.ts';
import { openRaw, raw } from '../support/raw-https.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';

type Frame = {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly annotations?: object;
    };
    readonly columnDefinitions?: readonly object[];
    readonly rows?: readonly { readonly cells: readonly unknown[] }[];
  };
};

describe('API server watches', () => {
  let api: TestApiServer;
  let h2: ClientHttp2Session;
  before(async () => {
    api = await startTestApiServer();
    await api.put(namespaces, { metadata: { name: 'default' } });
    h2 = connect(`https://127.0.0.1:${api.port}`, {
      ca: api.authority.certificate,
      cert: api.admin.certificate,
      key: api.admin.key,
    });
  });
  after(async () => {
    h2?.destroy();
    await api?.close();
  });

  const path = '/api/v1/namespaces/default/configmaps';
  const put = (name: string, value = '1') =>
    api.put(configMaps, { metadata: { name, namespace: 'default' }, data: { a: value } });
  const remove = (name: string) => api.client.delete(configMaps, { name, namespace: 'default' });
  /** Frames of an HTTP/1.1 watch as they come. */
  const open = async (query: string, accept = 'application/json') => {
    const request = openRaw({
      port: api.port,
      identity: api.admin,
      path: `${path}?watch=true&${query}`,
      headers: { accept },
    });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    let hasEnded = false;
    answer.on('data', (chunk: Buffer) => (text += String(chunk)));
    answer.on('end', () => (hasEnded = true)).on('error', () => {});
    const frames = (): Frame[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const types = (): string =>
      frames()
        .map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim())
        .join(', ');
    return { code: answer.statusCode, frames, types, ended: () => hasEnded, close: () => answer.destroy() };
  };
  const revision = () => api.server.registry.revision();

  it('sends the state first without a resourceVersion, then what happens', async () => {
    await put('first');
    const watch = await open('labelSelector=!late');
    await put('second');
    await remove('second');
    await eventually('three events', () => watch.types() === 'ADDED first, ADDED second, DELETED second');
    watch.close();
  });

  it('the head comes at once, the end at timeoutSeconds, a bookmark before it', async () => {
    const watch = await open(`resourceVersion=${revision()}&timeoutSeconds=1&allowWatchBookmarks=true`);
    assert.equal(watch.code, 200);
    await put('in-time');
    await eventually('its end', () => watch.ended());
    assert.equal(watch.types(), 'ADDED in-time, BOOKMARK');
    const bookmark = watch.frames().at(-1)!.object;
    assert.equal(bookmark.kind, 'ConfigMap');
    assert.equal(bookmark.metadata.resourceVersion, revision());
  });

  it('sendInitialEvents ends the state with an annotated bookmark', async () => {
    const flags = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await open(`${flags}&fieldSelector=metadata.name=first`);
    await eventually('the state', () => watch.types() === 'ADDED first, BOOKMARK');
    const { annotations } = watch.frames().at(-1)!.object.metadata;
    assert.deepEqual(annotations, { 'k8s.io/initial-events-end': 'true' });
    watch.close();
  });

  it('as Tables: column definitions in the first event only', async () => {
    const watch = await open(`resourceVersion=${revision()}`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    await put('t1');
    await put('t2');
    await eventually('both', () => watch.frames().length === 2);
    const tables = watch.frames().map(({ object }) => object);
    assert.deepEqual(
      tables.map(({ kind }) => kind),
      ['Table', 'Table'],
    );
    assert.deepEqual(
      tables.map(({ columnDefinitions }) => columnDefinitions?.length),
      [3, undefined],
    );
    assert.deepEqual(
      tables.map(({ rows }) => rows?.[0]?.cells[0]),
      ['t1', 't2'],
    );
    watch.close();
  });

  it('as PartialObjectMetadata: nothing but metadata, bookmarks too', async () => {
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const flags = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    await put('p1');
    const watch = await open(`${flags}&fieldSelector=metadata.name=p1`, accept);
    await eventually('the state', () => watch.types() === 'ADDED p1, BOOKMARK');
    await remove('p1');
    await eventually('its end', () => watch.types() === 'ADDED p1, BOOKMARK, DELETED p1');
    for (const { object } of watch.frames()) {
      assert.equal(object.kind, 'PartialObjectMetadata');
      assert.deepEqual(Object.keys(object).sort(), ['apiVersion', 'kind', 'metadata']);
    }
    watch.close();
  });

  it('refuses what cannot be: a future, a broken selector, half of WatchList', async () => {
    const refused = async (query: string): Promise<string> => {
      const { body } = await raw({ port: api.port, identity: api.admin, path: `${path}?watch=1&${query}` });
      const { code, reason } = JSON.parse(String(body));
      return `${code} ${reason}`;
    };
    assert.equal(await refused('labelSelector=a%20b'), '400 BadRequest');
    assert.equal(await refused('resourceVersion=999999'), '504 Timeout');
    assert.equal(await refused('sendInitialEvents=true'), '422 Invalid');
    assert.equal(await refused('timeoutSeconds=x'), '400 BadRequest');
  });

  it('a client that stops reading is dropped, the others go on', async () => {
    const watching = (): ReturnType<typeof h2.request> =>
      h2.request({ ':path': `${path}?watch=true&resourceVersion=${revision()}` });
    const [slow, fast] = [watching(), watching()];
    let bytes = 0;
    fast.on('data', (chunk: Buffer) => (bytes += chunk.length));
    slow.on('error', () => {}).pause();
    await Promise.all([once(slow, 'response'), once(fast, 'response')]);
    const payload = 'x'.repeat(500_000);
    await put('big', payload);
    for (let write = 0; write < 40 && !slow.destroyed && !slow.closed; write++)
      await api.client.patch(
        configMaps,
        { name: 'big', namespace: 'default' },
        { data: { a: `${write}${payload}` } },
        { type: 'application/merge-patch+json' },
      );
    await eventually('the slow one is dropped', () => slow.closed);
    await put('after');
    await eventually('the fast one has seen all', () => bytes > 8_000_000);
    assert.ok(!fast.closed);
    fast.close();
  });
});
