// Roles and bindings in, decisions out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ClusterRole, PolicyRule, Role, RoleRef } from '../../../k8s/generated/types.ts';
import { type KubeObject, type Stored, keyOf } from '../../../k8s/objects.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import type { Attributes } from '../attributes.ts';
import type { ObjectSource } from '../object-source.ts';
import type { Subject } from '../users.ts';
import { BindingIndex, type Binding } from './binding-index.ts';
import { missingRules } from './coverage.ts';
import { on, toUrls } from './policy-rules.ts';
import { createRbac } from './rbac.ts';
import { ruleAllows, ruleText } from './rule.ts';

/** `get pods/log default/web` or `get pods/log default` or `get /healthz`; a group as `deployments.apps`. */
const asked = (text: string): Attributes => {
  const [verb, what, where] = text.split(' ');
  if (what!.startsWith('/')) return { kind: 'path', verb: verb!, path: what! };
  const [full, subresource] = what!.split('/');
  const [resource, ...group] = full!.split('.');
  const [namespace, name] = where?.split('/') ?? [];
  return {
    ...{ kind: 'resource', verb: verb!, group: group.join('.'), version: 'v1', resource: resource! },
    subresource,
    namespace,
    name,
  };
};

describe('ruleAllows()', () => {
  const cases: readonly (readonly [string, PolicyRule, readonly string[], readonly string[]])[] = [
    [
      'a resource is not its subresources',
      on('get', '', 'pods'),
      ['get pods'],
      ['get pods/log', 'list pods'],
    ],
    ['a subresource is not its resource', on('get', '', 'pods/log'), ['get pods/log'], ['get pods']],
    [
      'a star takes all resources of the group, with subresources',
      on('*', 'apps', '*'),
      ['patch deployments.apps', 'get deployments.apps/scale'],
      ['get pods'],
    ],
    [
      'a subresource of everything',
      on('get', '*', '*/scale'),
      ['get deployments.apps/scale'],
      ['get deployments.apps', 'get pods/status'],
    ],
    [
      'names allow what has one',
      on('get list create', '', 'configmaps', 'a b'),
      ['get configmaps x/a', 'list configmaps x/b'],
      ['get configmaps x/c', 'list configmaps x', 'create configmaps x'],
    ],
    [
      'URLs are exact or a prefix',
      toUrls('get', '/healthz /api/*'),
      ['get /healthz', 'get /api/v1'],
      ['get /healthz/ping', 'get /api', 'post /healthz'],
    ],
  ];
  for (const [title, rule, allowed, refused] of cases)
    it(title, () => {
      assert.deepEqual(
        [...allowed, ...refused].filter((text) => ruleAllows(rule, asked(text))),
        allowed,
      );
    });

  it('prints rules as refusals do', () =>
    assert.equal(
      ruleText(on('get list', '', 'pods', 'a')),
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["get" "list"]}',
    ));
});

const words = (...from: readonly string[]) => fc.subarray([...from], { minLength: 1 });
const ruleArbitrary: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: words('get', 'list', '*'),
    apiGroups: words('', 'apps', '*'),
    resources: words('pods', 'pods/log', '*', '*/log', 'deployments'),
    resourceNames: fc.subarray(['a', 'b']),
  }),
  fc.record({ verbs: words('get', '*'), nonResourceURLs: words('/a', '/a/b', '/a*', '/a/*', '*') }),
);
const question: fc.Arbitrary<Attributes> = fc.oneof(
  fc.record({
    kind: fc.constant('resource' as const),
    verb: fc.constantFrom('get', 'list', 'watch'),
    group: fc.constantFrom('', 'apps', 'batch'),
    version: fc.constant('v1'),
    resource: fc.constantFrom('pods', 'deployments', 'jobs'),
    subresource: fc.constantFrom(undefined, 'log', 'scale'),
    name: fc.constantFrom(undefined, 'a', 'b', 'c'),
  }),
  fc.record({
    kind: fc.constant('path' as const),
    verb: fc.constantFrom('get', 'post'),
    path: fc.constantFrom('/a', '/a/b', '/ab', '/b'),
  }),
);
const allows = (rules: readonly PolicyRule[], attributes: Attributes): boolean =>
  rules.some((rule) => ruleAllows(rule, attributes));

describe('missingRules()', () => {
  it('what is not missing allows nothing that is not held: nobody gains by granting', () =>
    fc.assert(
      fc.property(fc.array(ruleArbitrary), fc.array(ruleArbitrary), question, (held, wanted, attributes) => {
        const granted = allows(wanted, attributes) && missingRules(held, wanted).length === 0;
        assert.ok(!granted || allows(held, attributes));
      }),
    ));

  it('held and missing together allow all that was wanted', () =>
    fc.assert(
      fc.property(fc.array(ruleArbitrary), fc.array(ruleArbitrary), question, (held, wanted, attributes) => {
        const all = [...held, ...missingRules(held, wanted)];
        assert.ok(!allows(wanted, attributes) || allows(all, attributes));
        assert.deepEqual(missingRules(all, wanted), []);
      }),
    ));

  it('gathers the verbs of a resource', () =>
    assert.deepEqual(
      missingRules([on('get', '', 'pods')], [on('get list', '', 'pods services')]).map(ruleText),
      [
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
        '{APIGroups:[""], Resources:["services"], Verbs:["get" "list"]}',
      ],
    ));
});

const binding = (
  key: string,
  roleRef: Omit<RoleRef, 'apiGroup'>,
  ...subjects: readonly string[]
): Binding => {
  const [name, namespace] = key.split('/').toReversed();
  return {
    metadata: { name: name!, ...(namespace && { namespace }) },
    roleRef,
    subjects: subjects.map((text) => {
      const [kind, ...rest] = text.split(':');
      const [subjectName, subjectNamespace] = rest.join(':').split('@');
      return { kind: kind!, name: subjectName!, ...(subjectNamespace && { namespace: subjectNamespace }) };
    }),
  } as unknown as Binding;
};

const sourceWith = (...objects: readonly (readonly [Resource, KubeObject])[]): ObjectSource => ({
  get: <T extends KubeObject>(resource: Resource<T>, key: string) =>
    objects.find(([each, object]) => each === resource && keyOf(object) === key)?.[1] as
      | Stored<T>
      | undefined,
  follow: (resource, heard) => {
    for (const [each, object] of objects) if (each === resource) heard(keyOf(object), object as never);
  },
});

const reader: ClusterRole = { metadata: { name: 'reader' }, rules: [on('get', '', 'pods')] };
const local: Role = { metadata: { name: 'local', namespace: 'a' }, rules: [on('list', '', 'pods')] };
const user = (name: string, ...groups: readonly string[]): Subject => ({ name, groups });

describe('RBAC', () => {
  const rbac = createRbac(
    sourceWith(
      [clusterRoles, reader],
      [roles, local],
      [
        clusterRoleBindings,
        binding('everywhere', { kind: 'ClusterRole', name: 'reader' }, 'Group:devs', 'ServiceAccount:x'),
      ],
      [roleBindings, binding('a/some', { kind: 'ClusterRole', name: 'reader' }, 'ServiceAccount:bot')],
      [roleBindings, binding('a/own', { kind: 'Role', name: 'local' }, 'User:jane', 'ServiceAccount:bot@b')],
      [roleBindings, binding('a/broken', { kind: 'Role', name: 'gone' }, 'User:joe')],
    ),
  );
  const decide = (who: Subject, text: string): string => {
    const { allowed, reason } = rbac.authorize(who, asked(text));
    return `${allowed ? 'yes' : 'no'} ${reason}`.trim();
  };

  it('by group everywhere, by name in the namespace of the binding', () => {
    assert.equal(
      decide(user('x', 'devs'), 'get pods'),
      'yes RBAC: allowed by ClusterRoleBinding "everywhere" of ClusterRole "reader" to Group "devs"',
    );
    assert.equal(
      decide(user('jane'), 'list pods a'),
      'yes RBAC: allowed by RoleBinding "own/a" of Role "local" to User "jane"',
    );
    for (const text of ['list pods b', 'list pods', 'get pods a'])
      assert.equal(decide(user('jane'), text), 'no');
  });

  it('a ServiceAccount is of the namespace that is said, or of the binding; in ClusterRoleBindings it must be said', () => {
    assert.equal(
      decide(user('system:serviceaccount:a:bot'), 'get pods a'),
      'yes RBAC: allowed by RoleBinding "some/a" of ClusterRole "reader" to ServiceAccount "bot/a"',
    );
    assert.match(decide(user('system:serviceaccount:b:bot'), 'list pods a'), /^yes/);
    assert.equal(decide(user('system:serviceaccount:b:bot'), 'get pods a'), 'no');
    assert.equal(decide(user('system:serviceaccount::x'), 'get pods a'), 'no');
  });

  it('a role that is not there is named in the refusal', () =>
    assert.equal(
      decide(user('joe'), 'list pods a'),
      'no RBAC: role.rbac.authorization.k8s.io "gone" not found',
    ));
});

it('BindingIndex: changes one by one lead to what a fresh index has', () => {
  const names = ['u', 'v', 'w'];
  const step = fc.record({
    key: fc.constantFrom('a/1', 'a/2', 'b/1'),
    subjects: fc.option(fc.subarray(['User:u', 'Group:u', 'User:v', 'ServiceAccount:w', 'Group:w'])),
  });
  const textOf = (index: BindingIndex): string[] =>
    names
      .flatMap((name) =>
        ['a', 'b'].flatMap((namespace) =>
          [
            ...index.grantsOf(user(name, name), namespace),
            ...index.grantsOf(user(`system:serviceaccount:${namespace}:${name}`), namespace),
          ].map((grant) => `${name} ${keyOf(grant.binding)} ${grant.subject.kind}`),
        ),
      )
      .sort();
  const bindingOf = ({ key, subjects }: { key: string; subjects: string[] | null }): Binding | undefined =>
    subjects === null ? undefined : binding(key, { kind: 'Role', name: 'r' }, ...subjects);
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const [index, fresh] = [new BindingIndex(), new BindingIndex()];
      for (const each of steps) index.set(each.key, bindingOf(each));
      for (const each of new Map(steps.map((last) => [last.key, last])).values())
        fresh.set(each.key, bindingOf(each));
      assert.deepEqual(textOf(index), textOf(fresh));
    }),
  );
});
