// podnet image: what people type, on the machine's own store.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Blobs, layoutOf, tarOf } from '../support/oci-layout.ts';
import { type Outcome, runPodnet } from '../support/test-cluster.ts';

const NAME = 'podnet.test/tiny:1';

const writeFiles = (folder: string, files: Blobs): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
};

describe('podnet image', () => {
  let folder: string;
  const podnet = (...args: string[]): Promise<Outcome> => runPodnet(['image', ...args]);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-test-image-'));
    const files = layoutOf({ layers: [await tarOf({ 'etc/hello': 'hello' })], name: NAME });
    writeFiles(folder, files);
  });
  after(async () => {
    await podnet('rm', NAME);
    rmSync(folder, { recursive: true });
  });

  it('load, ls and rm', async () => {
    assert.deepEqual(await podnet('load', folder), { code: 0, stdout: `loaded ${NAME}\n`, stderr: '' });
    assert.match(
      (await podnet('ls')).stdout,
      /^REPOSITORY +TAG +IMAGE ID +SIZE\n[\s\S]*^podnet\.test\/tiny +1 +[0-9a-f]{12} +0\.0 MB$/m,
    );
    const images = JSON.parse((await podnet('ls', '-o', 'json')).stdout) as readonly { names: string[] }[];
    assert.ok(images.some(({ names }) => names.includes(NAME)));
    assert.equal((await podnet('rm', NAME)).stdout, `removed ${NAME}\n`);
    assert.doesNotMatch((await podnet('ls')).stdout, /podnet\.test/);
  });

  it('ls shows an image that has a digest and no tag', async () => {
    const name = `podnet.test/pinned@sha256:${'0'.repeat(64)}`;
    const files = layoutOf({ layers: [await tarOf({ 'etc/hello': 'pinned' })], name });
    const pinned = join(folder, 'pinned');
    writeFiles(pinned, files);
    await podnet('load', pinned);
    const { stdout, stderr } = await podnet('ls');
    const [, id = ''] = /^podnet\.test\/pinned +<none> +([0-9a-f]{12}) /m.exec(stdout) ?? [];
    assert.equal((await podnet('rm', id)).code, 0, stderr);
  });

  it('says what is wrong and what to do', async () => {
    const none = await podnet('rm', NAME);
    assert.equal(none.code, 1);
    assert.match(
      none.stderr,
      /there is no image podnet\.test\/tiny:1: 'podnet image ls' shows what there is/,
    );
    const nothing = await podnet('load', join(folder, 'nothing'));
    assert.equal(nothing.code, 1);
    assert.match(nothing.stderr, /^podnet: .*nothing/);
  });
});
