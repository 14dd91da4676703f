// Headers in, users or refusals out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { User } from '../registry.ts';
import type { Access } from './access.ts';
import type { Attributes } from './attributes.ts';
import { impersonated } from './impersonate.ts';

const robot: User = { name: 'robot', groups: [] };

/** The user, and what the caller had to be allowed. */
const actAs = (...rawHeaders: readonly string[]) => {
  const asked: string[] = [];
  const authorize = (_user: unknown, attributes: Attributes) => {
    assert.ok(attributes.kind === 'resource');
    const { verb, group, resource, subresource, namespace, name } = attributes;
    asked.push([verb, group, resource, subresource, namespace, name].filter(Boolean).join(' '));
    return { allowed: true, reason: '' };
  };
  const user = impersonated({ authorize } as unknown as Access, robot, rawHeaders);
  return { user, asked };
};

describe('impersonated()', () => {
  it('nobody else without headers', () => {
    assert.deepEqual(actAs('accept', '*/*'), { user: undefined, asked: [] });
    assert.equal(actAs('Impersonate-User', '').user, undefined);
  });

  it('asks for every header; groups may contain commas, keys are unescaped', () => {
    const { user, asked } = actAs(
      ...['Impersonate-User', 'jane', 'Impersonate-Group', 'a,b', 'impersonate-group', 'c'],
      ...['Impersonate-Extra-Acme.com%2FScopes', 'view', 'impersonate-uid', '7'],
    );
    assert.deepEqual(user, {
      name: 'jane',
      uid: '7',
      groups: ['a,b', 'c', 'system:authenticated'],
      extra: { 'acme.com/scopes': ['view'] },
    });
    assert.deepEqual(asked, [
      'impersonate users jane',
      'impersonate groups a,b',
      'impersonate groups c',
      'impersonate authentication.k8s.io userextras acme.com/scopes view',
      'impersonate authentication.k8s.io uids 7',
    ]);
  });

  it('a ServiceAccount is asked for in its namespace and has its groups', () => {
    const { user, asked } = actAs('impersonate-user', 'system:serviceaccount:team:bot');
    assert.deepEqual(asked, ['impersonate serviceaccounts team bot']);
    assert.deepEqual(user?.groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:team',
      'system:authenticated',
    ]);
  });

  it('anonymous is not authenticated', () =>
    assert.deepEqual(actAs('impersonate-user', 'system:anonymous').user?.groups, ['system:unauthenticated']));
});
