import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestPath, verbOf } from './request-path.ts';

describe('parseRequestPath()', () => {
  const parsed = (path: string): string => {
    const found = parseRequestPath(path);
    if (found.kind === 'document') return `document ${found.segments.join(' ')}`.trim();
    const { group, version, resource, namespace, name, subresource } = found;
    return [
      `${group || 'core'}/${version}`,
      namespace ?? '-',
      resource,
      name ?? '-',
      subresource ?? '-',
    ].join(' ');
  };

  it('tells objects, collections and subresources apart, in and out of namespaces', () => {
    assert.equal(parsed('/api/v1/pods'), 'core/v1 - pods - -');
    assert.equal(parsed('/api/v1/namespaces/a/pods'), 'core/v1 a pods - -');
    assert.equal(parsed('/api/v1/namespaces/a/pods/p/log'), 'core/v1 a pods p log');
    assert.equal(parsed('/apis/apps/v1/namespaces/a/deployments/d/scale'), 'apps/v1 a deployments d scale');
    assert.equal(parsed('/api/v1/nodes/n'), 'core/v1 - nodes n -');
  });

  it('a namespace is an object itself', () => {
    assert.equal(parsed('/api/v1/namespaces'), 'core/v1 - namespaces - -');
    assert.equal(parsed('/api/v1/namespaces/a'), 'core/v1 - namespaces a -');
    assert.equal(parsed('/api/v1/namespaces/a/finalize'), 'core/v1 - namespaces a finalize');
    assert.equal(parsed('/api/v1/namespaces/a/status'), 'core/v1 - namespaces a status');
  });

  it('all else is a document', () => {
    assert.equal(parsed('/'), 'document');
    assert.equal(parsed('/apis/apps/v1'), 'document apis apps v1');
    assert.equal(
      parsed('/api/v1/namespaces/a/pods/p/log/x/y'),
      'document api v1 namespaces a pods p log x y',
    );
    assert.equal(parsed('/api/v1/namespaces/a/pods/p/proxy/x/y'), 'core/v1 a pods p proxy');
    assert.throws(() => parseRequestPath('/api/v1/%'), /invalid URL escape/);
    assert.equal(parsed('/api/v1/nodes/a%2Fb'), 'core/v1 - nodes a/b -');
  });
});

describe('verbOf()', () => {
  const verb = (method: string, path: string, query = ''): string | undefined => {
    const parsed = parseRequestPath(path);
    assert.equal(parsed.kind, 'resource');
    return parsed.kind === 'resource' ? verbOf(method, parsed, new URLSearchParams(query)) : undefined;
  };

  it('follows from the method, the name and ?watch', () => {
    assert.equal(verb('GET', '/api/v1/pods', 'watch=1'), 'watch');
    assert.equal(verb('GET', '/api/v1/pods', 'watch=false'), 'list');
    assert.equal(verb('GET', '/api/v1/nodes/a', 'watch=1'), 'get');
    assert.equal(verb('DELETE', '/api/v1/namespaces/a/pods'), 'deletecollection');
    assert.equal(verb('DELETE', '/api/v1/namespaces/a'), 'delete');
    assert.equal(verb('TRACE', '/api/v1/pods'), undefined);
  });
});
