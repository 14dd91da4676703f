import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { type Access, addContext, contextName, kubeconfigPath, removeContext } from './kubeconfig.ts';

const access = (context: string): Access => ({
  context,
  server: 'https://127.0.0.1:6443',
  ca: 'CA',
  certificate: 'CERT',
  key: 'KEY',
});

const OTHERS = `# mine
apiVersion: v1
kind: Config
current-context: work
clusters:
  - name: work
    cluster: { server: https://example.org }
contexts:
  - name: work
    context: { cluster: work, user: me }
users:
  - name: me
    user: { token: t }
`;

describe('kubeconfig', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-kubeconfig-'));
    path = join(folder, 'kube/config');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('addContext() makes a new file with 0600, removeContext() takes it away again', async () => {
    await addContext(path, access('podnet'));
    const config = parse(readFileSync(path, 'utf8'));
    assert.equal(config['current-context'], 'podnet');
    assert.equal(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString(), 'KEY');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await removeContext(path, 'podnet');
    assert.equal(existsSync(path), false);
  });

  it('keeps everything else, comments too, and restores the context that was current', async () => {
    await addContext(path, access('seed'));
    writeFileSync(path, OTHERS);
    await addContext(path, access('podnet'));
    await addContext(path, access('podnet'));
    assert.equal(parse(readFileSync(path, 'utf8')).clusters.length, 2);
    await removeContext(path, 'podnet');
    assert.deepEqual(parse(readFileSync(path, 'utf8')), parse(OTHERS));
    assert.match(readFileSync(path, 'utf8'), /^# mine/);
  });

  it('removeContext() leaves a context alone that the user chose since', async () => {
    await addContext(path, access('seed'));
    writeFileSync(path, OTHERS);
    await addContext(path, access('podnet'));
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('current-context: podnet', 'current-context: work'),
    );
    await removeContext(path, 'podnet');
    assert.equal(parse(readFileSync(path, 'utf8'))['current-context'], 'work');
  });

  it('writes to where a symbolic link leads, and keeps the link', async () => {
    const target = join(folder, 'dotfiles');
    writeFileSync(target, OTHERS);
    mkdirSync(join(folder, 'kube'));
    symlinkSync('../dotfiles', path);
    await addContext(path, access('podnet'));
    assert.equal(parse(readFileSync(target, 'utf8')).clusters.length, 2);
    await removeContext(path, 'podnet');
    assert.deepEqual(parse(readFileSync(target, 'utf8')), parse(OTHERS));
    assert.ok(lstatSync(path).isSymbolicLink());
  });

  it('two clusters come and go at the same time', async () => {
    const names = ['a', 'b', 'c', 'd'].map(contextName);
    await Promise.all(names.map((name) => addContext(path, access(name))));
    assert.equal(parse(readFileSync(path, 'utf8')).contexts.length, 4);
    await Promise.all(names.map((name) => removeContext(path, name)));
    assert.equal(existsSync(path), false);
  });

  it('refuses a file that is not YAML and leaves it as it is', async () => {
    await addContext(path, access('seed'));
    writeFileSync(path, '{ a: [');
    await assert.rejects(addContext(path, access('podnet')), /is not valid YAML .*--kubeconfig/);
    assert.equal(readFileSync(path, 'utf8'), '{ a: [');
  });

  it('kubeconfigPath() prefers the flag, then $KUBECONFIG', () => {
    assert.equal(kubeconfigPath('/a', { KUBECONFIG: '/b:/c' }), '/a');
    assert.equal(kubeconfigPath(undefined, { KUBECONFIG: ':/b:/c' }), '/b');
  });
});
