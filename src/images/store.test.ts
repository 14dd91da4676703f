// The store on disk: images come in from every kind of archive, and go without a trace.
import assert from 'node:assert/strict';
import fs, {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Blobs, configOf, layoutOf, tarOf } from '../../test/support/oci-layout.ts';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from './oci.ts';
import { type ImageStore, openImageStore } from './store.ts';

describe('image store', () => {
  let folder: string;
  let store: ImageStore;
  let layer: Buffer;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-images-'));
    store = openImageStore(join(folder, 'store'));
    layer = await tarOf({ 'etc/hello': 'hello' });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const writeFolder = (name: string, files: Blobs): string => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, path, '..'), { recursive: true });
      writeFileSync(join(folder, name, path), content);
    }
    return join(folder, name);
  };
  const writeArchive = async (name: string, files: Blobs): Promise<string> => {
    const path = join(folder, name);
    await pipeline(Readable.from([await tarOf(files)]), createWriteStream(path));
    return path;
  };
  const helloOf = async (name: string): Promise<string> =>
    readFileSync(join(await store.rootfs(store.find(name)!), 'etc/hello'), 'utf8');

  it('load() takes an OCI layout: a folder, an archive, layers in gzip and zstd', async () => {
    assert.deepEqual(await store.load(writeFolder('a', layoutOf({ layers: [layer], name: 'app:1' }))), [
      'docker.io/library/app:1',
    ]);
    await store.load(await writeArchive('b.tar', layoutOf({ layers: [layer], compress: gzipSync })));
    await store.load(writeFolder('c', layoutOf({ layers: [layer], name: 'v2', compress: zstdCompressSync })));
    for (const name of ['app:1', 'b', 'c:v2']) assert.equal(await helloOf(name), 'hello', name);
    assert.equal(readdirSync(join(folder, 'store/rootfs')).length, 1, 'one tree for the same layers');
  });

  it('load() takes what docker save writes', async () => {
    const second = await tarOf({ 'etc/.wh.hello': '', 'etc/other': 'other' });
    const files = {
      'config.json': Buffer.from(configOf(layer, second)),
      'one/layer.tar': layer,
      'two/layer.tar': second,
      'manifest.json': Buffer.from(
        JSON.stringify([
          { Config: 'config.json', RepoTags: ['a/b:1', 'a/b:2'], Layers: ['one/layer.tar', 'two/layer.tar'] },
        ]),
      ),
    };
    assert.deepEqual(await store.load(await writeArchive('saved.tar', files)), [
      'docker.io/a/b:1',
      'docker.io/a/b:2',
    ]);
    const image = store.find('a/b:2')!;
    assert.deepEqual(image.config.config.Cmd, ['run']);
    assert.equal(image.id, digestOf(files['config.json']));
    assert.deepEqual(readdirSync(join(await store.rootfs(image), 'etc')), ['other']);
  });

  it('find() knows names, ids, beginnings of ids, and digests', async () => {
    await store.load(writeFolder('a', layoutOf({ layers: [layer], name: 'app:1' })));
    const image = store.find('app:1')!;
    for (const text of [image.id, image.id.slice(7), image.id.slice(7, 19), `app@${image.manifestDigest}`])
      assert.equal(store.find(text)?.id, image.id, text);
    for (const text of ['app', 'app:2', `other@${image.manifestDigest}`])
      assert.equal(store.find(text), undefined, text);
  });

  it('refuses content that is not what its digest says, and keeps nothing of it', async () => {
    const wrongBlob = layoutOf({ layers: [layer] });
    const layerPath = `blobs/sha256/${digestOf(layer).slice(7)}`;
    await assert.rejects(store.load(writeFolder('a', { ...wrongBlob, [layerPath]: Buffer.from('x') })), {
      code: 'BAD_IMAGE',
      message: /does not match its digest/,
    });
    const wrongDiffId = layoutOf({ layers: [layer], compress: () => gzipSync('something else') });
    await assert.rejects(store.load(writeFolder('b', wrongDiffId)), { code: 'BAD_IMAGE' });
    const { [layerPath]: _, ...missing } = layoutOf({ layers: [layer] });
    await assert.rejects(store.load(writeFolder('c', missing)), { code: 'BAD_IMAGE', message: /is missing/ });
    await assert.rejects(store.load(join(folder, 'nothing')), { code: 'NOT_FOUND' });
    await assert.rejects(store.load(await writeArchive('empty.tar', {})), { code: 'BAD_IMAGE' });
    assert.deepEqual(store.list(), []);
    assert.deepEqual(readdirSync(join(folder, 'store')), ['tmp']);
    assert.deepEqual(readdirSync(join(folder, 'store/tmp')), []);
  });

  it('remove() takes a name, and with the last one what only that image needed', async () => {
    const shared = await tarOf({ 'etc/base': 'base' });
    await store.load(writeFolder('a', layoutOf({ layers: [shared, layer], name: 'one:1' })));
    await store.load(writeFolder('a', layoutOf({ layers: [shared, layer], name: 'one:2' })));
    await store.load(writeFolder('b', layoutOf({ layers: [shared], name: 'two:1' })));
    assert.deepEqual(await store.remove('one:1'), ['docker.io/library/one:1']);
    assert.equal(await helloOf('one:2'), 'hello');
    await store.remove(store.find('one:2')!.id);
    assert.deepEqual(
      store.list().map(({ names }) => names),
      [['docker.io/library/two:1']],
    );
    assert.equal(readdirSync(join(folder, 'store/rootfs')).length, 1);
    assert.equal(readdirSync(join(folder, 'store/blobs/sha256')).length, 3);
    await assert.rejects(store.remove('one:1'), { code: 'NOT_FOUND', message: /no image one:1/ });
  });

  it('a tree is whole or not there, also when the removal of its image is cut short', async (context) => {
    const path = writeFolder('a', layoutOf({ layers: [layer], name: 'app:1' }));
    await store.load(path);
    const remove = fs.rmSync;
    context.mock.method(fs, 'rmSync', (target: string, options?: fs.RmOptions) => {
      if (!existsSync(join(target, 'etc/hello'))) return remove(target, options);
      remove(join(target, 'etc/hello'));
      throw new Error('killed');
    });
    syncBuiltinESMExports();
    await assert.rejects(store.remove('app:1'), /killed/);
    context.mock.restoreAll();
    syncBuiltinESMExports();
    await store.load(path);
    assert.equal(await helloOf('app:1'), 'hello');
  });

  it('many load at the same time, each sees all in the end', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) writeFolder(name, layoutOf({ layers: [layer], name: `${name}:1` }));
    await Promise.all(names.map((name) => openImageStore(join(folder, 'store')).load(join(folder, name))));
    assert.equal(store.list().flatMap((image) => image.names).length, 4);
    assert.ok(!existsSync(join(folder, 'store/.lock')));
  });
});
