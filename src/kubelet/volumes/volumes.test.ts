import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClient } from '../../../test/support/fake-client.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { configMaps } from '../../k8s/resources.ts';
import { createReferences } from '../references.ts';
import { writeFilesAtomically } from './atomic-writer.ts';
import { prepareHostPath } from './host-path.ts';
import { createServiceAccountTokens } from './service-account-tokens.ts';
import { resolveSubPath } from './sub-path.ts';
import { configMapFiles, secretFiles } from './volume-files.ts';
import type { VolumeFile } from './volume-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'podnet-test-volumes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, text: string, mode = 0o644): VolumeFile => ({
  path,
  content: Buffer.from(text),
  mode,
});
/** What a container reads, through the links. */
const seen = (root: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root)
      .filter((name) => !name.startsWith('..'))
      .flatMap((name) => filesBelow(root, name))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
const filesBelow = (root: string, path: string): readonly string[] =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path)).flatMap((name) => filesBelow(root, join(path, name)))
    : [path];

describe('writeFilesAtomically()', () => {
  it('shows exactly the files of the last write, whatever was there before', () => {
    const names = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h');
    const version = fc.dictionary(names, fc.string({ maxLength: 5 }), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 4 }), (versions) => {
        const root = mkdtempSync(join(folder, 'v'));
        for (const files of versions) {
          writeFilesAtomically(
            root,
            Object.entries(files).map(([path, text]) => file(path, text)),
            {},
          );
          assert.deepEqual(seen(root), files);
        }
        assert.equal(readdirSync(root).filter((name) => name.startsWith('..2')).length, 1);
      }),
      { numRuns: 50 },
    );
  });

  it('changes nothing when nothing changed, and all at once when something did', () => {
    const write = (text: string): boolean =>
      writeFilesAtomically(folder, [file('a', text), file('b', text)], {});
    const data = (): string => readlinkSync(join(folder, '..data'));
    assert.equal(write('1'), true);
    const before = data();
    assert.equal(write('1'), false);
    assert.equal(data(), before);
    assert.equal(write('2'), true);
    assert.notEqual(data(), before);
    assert.equal(readlinkSync(join(folder, 'a')), '..data/a');
  });

  it('sets modes, and gives the group of the pod its files', () => {
    writeFilesAtomically(folder, [file('a', '', 0o400)], { gid: 4711 });
    const { mode, gid } = statSync(join(folder, 'a'));
    assert.deepEqual([mode & 0o777, gid], [0o440, 4711]);
  });

  it('refuses to leave its folder', () => {
    for (const path of ['../a', '/a', 'a/../../b', ''])
      assert.throws(() => writeFilesAtomically(folder, [file(path, '')], {}), /inside of the volume/);
  });
});

describe('configMapFiles() and secretFiles()', () => {
  const paths = (files: readonly VolumeFile[]): string[] =>
    files.map(({ path, content, mode }) => `${path}=${Buffer.from(content).toString()} ${mode.toString(8)}`);

  it('takes all keys, or the items with their paths and modes', () => {
    const map = { data: { a: '1' }, binaryData: { b: 'Mg==' } };
    assert.deepEqual(paths(configMapFiles(map, {})), ['a=1 644', 'b=2 644']);
    const items = [{ key: 'b', path: 'x/y', mode: 0o600 }];
    assert.deepEqual(paths(configMapFiles(map, { items, defaultMode: 0o400 })), ['x/y=2 600']);
    assert.deepEqual(paths(secretFiles({ data: { s: 'Mg==' } }, { defaultMode: 0o400 })), ['s=2 400']);
  });

  it('misses a key in kubelet’s words, unless it is optional', () => {
    const items = [{ key: 'none', path: 'x' }];
    assert.throws(() => configMapFiles({ data: {} }, { items }), {
      message: 'references non-existent config key: none',
    });
    assert.deepEqual(secretFiles({ data: {} }, { items, optional: true }), []);
  });
});

describe('resolveSubPath()', () => {
  it('makes what is missing, and follows links that stay inside', () => {
    assert.equal(resolveSubPath(folder, 'a/b'), join(folder, 'a/b'));
    symlinkSync('a', join(folder, 'link'));
    assert.equal(resolveSubPath(folder, 'link/b'), join(folder, 'a/b'));
  });

  it('refuses what leads out of the volume', () => {
    const [outside, volume] = [join(folder, 'outside'), join(folder, 'volume')];
    mkdirSync(outside);
    mkdirSync(volume);
    symlinkSync(outside, join(volume, 'link'));
    symlinkSync('../outside', join(volume, 'relative'));
    for (const path of ['link', 'link/x', 'relative/x', '../outside', 'a/../../outside', '/etc'])
      assert.throws(() => resolveSubPath(volume, path), /subPath/, path);
    assert.deepEqual(readdirSync(outside), []);
  });
});

describe('prepareHostPath()', () => {
  it('makes what may be made and checks the rest', () => {
    const path = join(folder, 'x');
    assert.throws(() => prepareHostPath({ path, type: 'Directory' }), {
      message: `hostPath type check failed: ${path} is not a directory`,
    });
    prepareHostPath({ path, type: 'DirectoryOrCreate' });
    prepareHostPath({ path, type: 'Directory' });
    assert.throws(() => prepareHostPath({ path, type: 'File' }), /is not a file/);
    prepareHostPath({ path: `${path}-file`, type: 'FileOrCreate' });
    assert.ok(existsSync(`${path}-file`));
    writeFileSync(`${path}-file`, 'kept');
    prepareHostPath({ path: `${path}-file`, type: 'FileOrCreate' });
    assert.equal(readFileSync(`${path}-file`, 'utf8'), 'kept');
  });
});

describe('createReferences()', () => {
  it('asks once for those who come together, and again for those who came later', async () => {
    const [client, clock] = [createFakeClient(), createFakeClock()];
    const references = createReferences(client, clock);
    client.put(configMaps, { metadata: { name: 'c', namespace: 'ns' }, data: { v: '1' } });
    const value = async (sinceMs: number) => (await references.configMap('ns', 'c', sinceMs))?.data?.['v'];
    const startMs = clock.now();
    assert.deepEqual(await Promise.all([value(startMs), value(startMs)]), ['1', '1']);
    client.put(configMaps, { metadata: { name: 'c', namespace: 'ns' }, data: { v: '2' } });
    await clock.advance(10);
    assert.equal(await value(startMs), '1');
    assert.equal(await value(clock.now()), '2');
    assert.equal(client.calls.length, 2);
  });

  it('forgets what was missing or failed', async () => {
    const [client, clock] = [createFakeClient(), createFakeClock()];
    const references = createReferences(client, clock);
    assert.equal(await references.configMap('ns', 'c', 0), undefined);
    client.put(configMaps, { metadata: { name: 'c', namespace: 'ns' } });
    client.failNext('get', new Error('away'));
    await assert.rejects(references.configMap('ns', 'c', 0), /away/);
    assert.equal((await references.configMap('ns', 'c', 0))?.metadata.name, 'c');
  });
});

describe('createServiceAccountTokens()', () => {
  it('keeps a token until 80% of its life is over, bound to its pod', async () => {
    const clock = createFakeClock();
    const bodies: unknown[] = [];
    const client = {
      ...createFakeClient(),
      createSubresource: async (...[, ref, subresource, body]: readonly unknown[]) => {
        bodies.push([ref, subresource, body]);
        const expirationTimestamp = new Date(clock.now() + 1000_000).toISOString();
        return { status: { token: `token-${bodies.length}`, expirationTimestamp } };
      },
    };
    const tokens = createServiceAccountTokens(client, clock);
    const pod = {
      metadata: { name: 'p', namespace: 'ns', uid: 'u' },
      spec: { containers: [] },
    } as unknown as Stored<Pod>;
    const ask = () => tokens.token(pod, { audience: undefined, expirationSeconds: 1000 });
    assert.equal(await ask(), 'token-1');
    await clock.advance(799_000);
    assert.equal(await ask(), 'token-1');
    await clock.advance(2000);
    assert.equal(await ask(), 'token-2');
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
    assert.deepEqual(bodies[0], [
      { namespace: 'ns', name: 'default' },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 1000, boundObjectRef },
      },
    ]);
  });
});
