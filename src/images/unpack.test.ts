// Layers, the good and the malicious: nothing may be written outside of the tree.
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type NewEntry, writeTar } from './tar.ts';
import { unpackLayer } from './unpack.ts';

const owner = { uid: process.getuid!(), gid: process.getgid!(), mtime: new Date(0) };
const file = (name: string, text: string, mode = 0o644): NewEntry => ({
  ...owner,
  name,
  mode,
  content: Buffer.from(text),
});
const folder = (name: string): NewEntry => ({ ...owner, name, type: 'directory', mode: 0o755 });
const link = (name: string, linkname: string): NewEntry => ({
  ...owner,
  name,
  type: 'symlink',
  linkname,
  mode: 0o777,
});
const hardLink = (name: string, linkname: string): NewEntry => ({
  ...owner,
  name,
  type: 'link',
  linkname,
  mode: 0o644,
});

describe('unpackLayer()', () => {
  let outside: string;
  let root: string;
  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), 'podnet-unpack-'));
    root = join(outside, 'root');
    mkdirSync(root);
    writeFileSync(join(outside, 'secret'), 'secret');
  });
  afterEach(() => rmSync(outside, { recursive: true }));

  const apply = (...entries: readonly NewEntry[]): Promise<void> => unpackLayer(writeTar(entries), root);
  const read = (name: string): string => readFileSync(join(root, name), 'utf8');

  it('makes files, folders and links, with mode and time', async () => {
    await apply(
      folder('usr'),
      file('usr/run.sh', 'x', 0o4755),
      link('bin', 'usr'),
      hardLink('copy', 'usr/run.sh'),
    );
    assert.equal(read('usr/run.sh'), 'x');
    assert.equal(statSync(join(root, 'usr/run.sh')).mode & 0o7777, 0o4755);
    assert.equal(statSync(join(root, 'usr')).mtimeMs, 0);
    assert.equal(readlinkSync(join(root, 'bin')), 'usr');
    assert.equal(statSync(join(root, 'copy')).ino, statSync(join(root, 'usr/run.sh')).ino);
  });

  it('a later layer replaces, deletes by whiteout, and empties an opaque folder', async () => {
    await apply(
      file('a', 'one'),
      file('b', 'one'),
      file('d/old', 'one'),
      file('d/sub/old', 'one'),
      file('kind/x', 'one'),
    );
    await apply(
      file('a', 'two'),
      file('.wh.b', ''),
      file('d/new', 'two'),
      file('d/.wh..wh..opq', ''),
      file('kind', 'two'),
    );
    assert.deepEqual(readdirSync(root).sort(), ['a', 'd', 'kind']);
    assert.deepEqual([read('a'), read('kind')], ['two', 'two']);
    assert.deepEqual(readdirSync(join(root, 'd')), ['new']);
  });

  it('a later layer writes through the links of an earlier one, inside of the tree', async () => {
    await apply(folder('usr/bin'), link('bin', '/usr/bin'));
    await apply(file('bin/tool', 'x'));
    assert.equal(read('usr/bin/tool'), 'x');
    assert.ok(lstatSync(join(root, 'bin')).isSymbolicLink());
  });

  it('links out of the tree lead nowhere else', async () => {
    const escapes = [
      link('up', '../../..'),
      link('etc', outside),
      link('chain', 'up/tmp'),
      link('loop', 'loop'),
    ];
    await apply(...escapes);
    await apply(
      file('up/secret', 'x'),
      file('etc/secret', 'x'),
      file('chain/y', 'x'),
      file('.wh.up/secret', ''),
    );
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
    assert.equal(read('secret'), 'x');
    await assert.rejects(apply(file('loop/x', 'x')), {
      code: 'BAD_IMAGE',
      message: /too many symbolic links/,
    });
    await apply(file('.wh.etc', ''));
    assert.ok(existsSync(join(outside, 'secret')), 'a whiteout takes the link away, not what it points to');
  });

  it('a link at the place of a file is replaced, not followed', async () => {
    await apply(link('victim', join(outside, 'secret')));
    await apply(file('victim', 'x'));
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
    assert.equal(read('victim'), 'x');
  });

  it('refuses to put anything but a folder in the place of the tree itself', async () => {
    const names = ['.', './', '/', ''];
    for (const name of names) {
      await assert.rejects(apply(link(name, outside), file('secret', 'x')), { code: 'BAD_IMAGE' }, name);
      await assert.rejects(apply(file('a', 'x'), hardLink(name, 'a')), { code: 'BAD_IMAGE' }, name);
    }
    await assert.rejects(apply(file('.', 'x')), { code: 'BAD_IMAGE' });
    await apply(folder('./'));
    assert.ok(lstatSync(root).isDirectory());
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
  });

  it('leaves the times of what a later link points to as they are', async () => {
    mkdirSync(join(outside, 'b'));
    const { mtimeMs } = statSync(join(outside, 'b'));
    await apply(folder('a/b'), link('a', outside));
    assert.equal(statSync(join(outside, 'b')).mtimeMs, mtimeMs);
  });

  it('refuses paths with .., hard links to the outside, whiteouts of it, and what is no tar', async () => {
    const bad: readonly NewEntry[][] = [
      [file('../evil', 'x')],
      [file('a/../../evil', 'x')],
      [hardLink('h', '../secret')],
      [link('l', '..'), hardLink('h', 'l/secret')],
      [file('.wh...', '')],
      [file('.wh..', '')],
    ];
    for (const entries of bad)
      await assert.rejects(apply(...entries), { code: 'BAD_IMAGE' }, entries.at(-1)!.name);
    assert.deepEqual(readdirSync(outside).sort(), ['root', 'secret']);
    await assert.rejects(unpackLayer(Readable.from([Buffer.alloc(2048, 'x')]), root), { code: 'BAD_IMAGE' });
    const whole = await buffer(writeTar([file('big', 'x'.repeat(5000))]));
    await assert.rejects(unpackLayer(Readable.from([whole.subarray(0, 3000)]), root), { code: 'BAD_IMAGE' });
  });
});
