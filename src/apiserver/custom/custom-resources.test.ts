import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { CustomResourceDefinition } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { customResourceDefinitions } from '../../k8s/resources.ts';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { createTestRegistry, testContext, testKinds } from '../../../test/support/test-registry.ts';
import type { Draft, Kind } from '../kind.ts';
import type { Registry, Subresource } from '../registry.ts';
import { customResourceDefinitionKind } from './definition/definition-kind.ts';

type Fields = { readonly [key: string]: unknown };
type Custom = Stored<KubeObject & { readonly spec?: Fields; readonly status?: Fields }>;

const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const version = (name: string, spec: Fields, more: Fields = {}): Fields => ({
  name,
  served: true,
  storage: true,
  subresources: { status: {} },
  schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: OPEN } } },
  ...more,
});

const definitionOf = (versions: readonly Fields[], names: Fields = {}): Draft => {
  const all = { plural: 'foos', kind: 'Foo', ...names };
  return {
    metadata: { name: `${all.plural}.example.com` },
    spec: { group: 'example.com', scope: 'Namespaced', names: all, versions },
  };
};

describe('custom resources', () => {
  let registry: Registry;
  beforeEach(async () => {
    ({ registry } = await createTestRegistry({ kinds: [...testKinds, customResourceDefinitionKind] }));
  });

  const define = (definition: Draft) =>
    registry.create(customResourceDefinitionKind, undefined, definition, testContext());
  const definition = (name = 'foos.example.com') =>
    registry.get(customResourceDefinitionKind, { name }) as unknown as Stored<CustomResourceDefinition>;
  const redefine = (versions: readonly Fields[]) =>
    registry.patch(
      customResourceDefinitionKind,
      { name: 'foos.example.com' },
      { type: 'application/merge-patch+json', body: { spec: { versions } } },
      testContext(),
    );
  const kind = (name = 'v1', resource = 'foos'): Kind =>
    registry.kinds.find({ group: 'example.com', version: name, resource })!;
  const create = async (spec: Fields, metadata: Fields = {}, of = kind()): Promise<Custom> =>
    (await registry.create(
      of,
      'default',
      { metadata: { name: 'f', ...metadata }, spec },
      testContext({ fieldValidation: 'Ignore' }),
    )) as Custom;
  const get = (of = kind(), name = 'f'): Custom => registry.get(of, { name, namespace: 'default' }) as Custom;
  const patch = async (body: Fields, subresource?: Subresource, of = kind()): Promise<Custom> =>
    (await registry.patch(
      of,
      { name: 'f', namespace: 'default' },
      { type: 'application/merge-patch+json', body },
      testContext(),
      subresource,
    )) as Custom;
  const conditions = (name?: string): readonly string[] =>
    (definition(name).status?.conditions ?? []).map(
      ({ type, status, reason }) => `${type} ${status} ${reason}`,
    );

  it('are served when the write of their definition returns', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    assert.deepEqual(conditions(), [
      'NamesAccepted True NoConflicts',
      'Established True InitialNamesAccepted',
    ]);
    assert.deepEqual(definition().status?.acceptedNames, {
      plural: 'foos',
      singular: 'foo',
      kind: 'Foo',
      listKind: 'FooList',
    });
    await create({ any: { thing: 1 } });
    assert.deepEqual(get().spec, { any: { thing: 1 } });
  });

  it('wait for names that another definition has, and get them when it is gone', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    await define(definitionOf([version('v1', OPEN)], { plural: 'bars', kind: 'Foo', listKind: 'BarList' }));
    assert.deepEqual(conditions('bars.example.com'), [
      'NamesAccepted False KindConflict',
      'Established False NotAccepted',
    ]);
    assert.equal(kind('v1', 'bars'), undefined);
    await registry.delete(customResourceDefinitionKind, { name: 'foos.example.com' }, {}, testContext());
    assert.deepEqual(conditions('bars.example.com'), [
      'NamesAccepted True NoConflicts',
      'Established True InitialNamesAccepted',
    ]);
    assert.ok(kind('v1', 'bars'));
    assert.equal(kind(), undefined);
  });

  it('show defaults that came after them, and lose fields that went', async () => {
    const before = { type: 'object', properties: { old: { type: 'string' } } };
    await define(definitionOf([version('v1', before)]));
    await create({ old: 'x' });
    const after = { type: 'object', properties: { fresh: { type: 'integer', default: 1 } } };
    await redefine([version('v1', after)]);
    assert.deepEqual(get().spec, { fresh: 1 });
    const { items } = registry.list(kind(), {});
    assert.deepEqual((items[0] as Custom).spec, { fresh: 1 });
  });

  it('are one object in all versions, stored in one', async () => {
    const versions = (storage: string): readonly Fields[] =>
      ['v1', 'v2'].map((name) => version(name, OPEN, { storage: name === storage }));
    await define(definitionOf(versions('v1')));
    const made = await create({ a: 1 }, {}, kind('v2'));
    assert.equal(made.apiVersion, 'example.com/v2');
    assert.equal(get(kind('v1')).apiVersion, 'example.com/v1');
    await redefine(versions('v2'));
    assert.deepEqual(definition().status?.storedVersions, ['v1', 'v2']);
    const migrated = await patch({}, undefined, kind('v2'));
    assert.notEqual(migrated.metadata.resourceVersion, made.metadata.resourceVersion, 'stored anew in v2');
    const again = await patch({}, undefined, kind('v2'));
    assert.equal(again.metadata.resourceVersion, migrated.metadata.resourceVersion);
  });

  it('count the changes of their spec, and of nothing else', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    await create({ n: 1 });
    await patch({ metadata: { labels: { a: 'b' } } });
    await patch({ status: { ignored: true } });
    const withStatus = await patch(
      { status: { seen: true }, spec: { n: 9 }, metadata: { labels: { a: 'c' } } },
      'status',
    );
    assert.deepEqual(
      [withStatus.metadata.generation, withStatus.spec, withStatus.status, withStatus.metadata.labels],
      [1, { n: 1 }, { seen: true }, { a: 'b' }],
    );
    assert.equal((await patch({ spec: { n: 2 } })).metadata.generation, 2);
  });

  it('may keep what a tighter schema would not let in, as long as it does not change', async () => {
    const limited = (maximum: number): Fields => ({
      type: 'object',
      properties: { n: { type: 'integer', maximum }, s: { type: 'string' } },
    });
    await define(definitionOf([version('v1', limited(9))]));
    await create({ n: 9 });
    await redefine([version('v1', limited(5))]);
    assert.deepEqual((await patch({ spec: { s: 'x' } })).spec, { n: 9, s: 'x' });
    const { message } = await statusOf(patch({ spec: { n: 8 } }));
    assert.equal(
      message,
      'Foo.example.com "f" is invalid: spec.n: Invalid value: 8: spec.n in body should be less than or equal to 5',
    );
  });

  it('are held to the rules of their schema, over time', async () => {
    const rule = { rule: 'self.n >= oldSelf.n', message: 'n may not shrink' };
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      'x-kubernetes-validations': [rule],
    };
    await define(definitionOf([version('v1', schema)]));
    await create({ n: 2 });
    const { message } = await statusOf(patch({ spec: { n: 1 } }));
    assert.equal(message, 'Foo.example.com "f" is invalid: spec: Invalid value: n may not shrink');
  });

  it('must be updated from what is there', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    await create({});
    const blind = registry.update(
      kind(),
      { name: 'f', namespace: 'default' },
      { metadata: { name: 'f' }, spec: {} },
      testContext(),
    );
    assert.match(
      (await statusOf(blind)).message!,
      /metadata\.resourceVersion: Invalid value: 0: must be specified for an update/,
    );
  });

  it('keep their definition until the last of them is gone', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    await create({}, { finalizers: ['example.com/slow'] });
    await create({}, { name: 'g' });
    await registry.delete(customResourceDefinitionKind, { name: 'foos.example.com' }, {}, testContext());
    assert.equal(conditions().at(-1), 'Terminating True InstanceDeletionInProgress');
    assert.deepEqual(
      registry.list(kind(), {}).items.map(({ metadata }) => metadata.name),
      ['f'],
    );
    assert.match(
      (await statusOf(create({}, { name: 'h' }))).message!,
      /foos\.example\.com "h" is forbidden: create not allowed while custom resource definition is terminating/,
    );
    await patch({ metadata: { finalizers: null } });
    assert.throws(() => definition(), /not found/);
    assert.equal(kind(), undefined);
  });

  it('end their watches when their definition changes, or goes', async () => {
    await define(definitionOf([version('v1', OPEN)]));
    let ended = 0;
    const watch = (): unknown => registry.watch(kind(), {}, { event: () => {}, end: () => void ended++ });
    watch();
    await redefine([version('v1', OPEN, { served: true, additionalPrinterColumns: [] })]);
    const sofar = ended;
    watch();
    await registry.delete(customResourceDefinitionKind, { name: 'foos.example.com' }, {}, testContext());
    assert.ok(ended > sofar);
  });

  it('are no longer served in a version that is switched off', async () => {
    await define(definitionOf([version('v1', OPEN), version('v2', OPEN, { storage: false })]));
    assert.ok(kind('v2'));
    await redefine([version('v1', OPEN), version('v2', OPEN, { storage: false, served: false })]);
    assert.equal(kind('v2'), undefined);
    assert.ok(registry.kinds.find(customResourceDefinitions));
  });
});
