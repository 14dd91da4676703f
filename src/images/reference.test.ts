import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from './reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('parseReference()', () => {
  it('writes names in full, as containerd does', () => {
    const names: Readonly<Record<string, string>> = {
      nginx: 'docker.io/library/nginx:latest',
      'nginx:1.27': 'docker.io/library/nginx:1.27',
      'podnet/toolbox': 'docker.io/podnet/toolbox:latest',
      'docker.io/nginx': 'docker.io/library/nginx:latest',
      'index.docker.io/a/b': 'docker.io/a/b:latest',
      'localhost/app': 'localhost/app:latest',
      'localhost:5000/app:v1': 'localhost:5000/app:v1',
      'registry.k8s.io/e2e-test-images/agnhost:2.47': 'registry.k8s.io/e2e-test-images/agnhost:2.47',
      'gcr.io/a__b/c-d.e': 'gcr.io/a__b/c-d.e:latest',
    };
    for (const [text, name] of Object.entries(names)) assert.deepEqual(parseReference(text).name, name, text);
  });

  it('keeps a digest, and adds no tag to it', () => {
    assert.deepEqual(parseReference(`nginx@${DIGEST}`), { name: 'docker.io/library/nginx', digest: DIGEST });
    assert.deepEqual(parseReference(`a/b:1@${DIGEST}`), { name: 'docker.io/a/b:1', digest: DIGEST });
  });

  it('refuses what is no name', () => {
    const texts = [
      '',
      'a b',
      '-a',
      'a/../b',
      'a//b',
      'nginx:',
      'a:b:c',
      'nginx@sha256:12',
      '/etc/passwd',
      'a'.repeat(64),
    ];
    for (const text of texts) {
      assert.throws(
        () => parseReference(text),
        { code: 'INVALID_NAME', message: /invalid reference format/ },
        text,
      );
    }
    assert.throws(() => parseReference('Nginx'), { message: /repository name must be lowercase/ });
  });
});
