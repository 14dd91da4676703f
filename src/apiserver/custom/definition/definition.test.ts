import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { validateDefinition } from './validate.ts';

type Fields = { readonly [key: string]: unknown };

const definitionOf = (
  schema: Fields,
  { version = {}, ...spec }: Fields & { readonly version?: Fields } = {},
) =>
  ({
    metadata: { name: 'foos.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version },
      ],
      ...spec,
    },
    status: { storedVersions: ['v1'] },
  }) as unknown as CustomResourceDefinition;

const errorsOf = (
  definition: CustomResourceDefinition,
  before?: CustomResourceDefinition,
): readonly string[] =>
  validateDefinition(definition, before).map(({ field, message }) => `${field}: ${message}`);

/** What is wrong with a schema that has this for its property `p`. */
const propertyErrors = (property: Fields): readonly string[] =>
  errorsOf(definitionOf({ type: 'object', properties: { p: property } })).map((text) =>
    text.replace('spec.validation.openAPIV3Schema.properties[p]', 'P'),
  );

describe('validateDefinition', () => {
  it('finds nothing wrong with a good definition', () => {
    assert.deepEqual(errorsOf(definitionOf({ type: 'object' })), []);
  });

  it('wants names and groups that can stand in URLs, and a name made of them', () => {
    const names = { plural: 'Foos', singular: 'foo', kind: 'foo bar', listKind: 'FooList' };
    const texts = errorsOf(definitionOf({ type: 'object' }, { group: 'example', names }));
    assert.deepEqual(
      texts.map((text) => text.slice(0, 70)),
      [
        'metadata.name: Invalid value: "foos.example.com": must be spec.names.p',
        'spec.group: Invalid value: "example": should be a domain with at least',
        'spec.names.plural: Invalid value: "Foos": a DNS-1035 label must consis',
        'spec.names.kind: Invalid value: "foo bar": may have mixed case, but sh',
      ],
    );
  });

  it('wants one storage version, and those that were to stay', () => {
    const definition = definitionOf({ type: 'object' }, { version: { storage: false } });
    assert.match(errorsOf(definition).join('\n'), /must have exactly one version marked as storage version/);
    const dropped = { ...definitionOf({ type: 'object' }), status: { storedVersions: ['v1', 'v0'] } };
    assert.match(
      errorsOf(dropped as CustomResourceDefinition).join('\n'),
      /^status\.storedVersions\[1\]: Invalid value: "v0": missing from spec\.versions; v0 was previously a storage version/,
    );
  });

  it('keeps what stored objects go by', () => {
    const before = {
      ...definitionOf({ type: 'object' }),
      status: { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] },
    } as unknown as CustomResourceDefinition;
    assert.deepEqual(errorsOf(definitionOf({ type: 'object' }, { scope: 'Cluster' }), before), [
      'spec.scope: Invalid value: "Cluster": field is immutable',
    ]);
  });

  it('names schemas by where kube-apiserver keeps them', () => {
    const versions = ['v1', 'v2'].map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: index === 0 ? { type: 'object' } : { type: 'array' } },
    }));
    const [first] = errorsOf(definitionOf({}, { versions }));
    assert.match(first!, /^spec\.versions\[1\]\.schema\.openAPIV3Schema\.items: Required value/);
  });
});

describe('schemas', () => {
  it('say of every field what it is', () => {
    assert.deepEqual(propertyErrors({}), [
      'P.type: Required value: must not be empty for specified object fields',
    ]);
    assert.deepEqual(propertyErrors({ type: 'array', items: {} }), [
      'P.items.type: Required value: must not be empty for specified array items',
    ]);
    assert.deepEqual(propertyErrors({ 'x-kubernetes-int-or-string': true }), []);
    assert.deepEqual(propertyErrors({ 'x-kubernetes-preserve-unknown-fields': true }), []);
  });

  it('speak in alternatives of values alone', () => {
    assert.deepEqual(
      propertyErrors({ type: 'string', anyOf: [{ type: 'string', description: 'x' }, { default: 'x' }] }),
      [
        'P.anyOf[0].description: Forbidden: must be empty to be structural',
        'P.anyOf[0].type: Forbidden: must be empty to be structural',
        'P.anyOf[1].default: Forbidden: must be undefined to be structural',
      ],
    );
    const either = [{ type: 'integer' }, { type: 'string' }];
    assert.deepEqual(propertyErrors({ 'x-kubernetes-int-or-string': true, anyOf: either }), []);
    const root = { type: 'object', properties: { a: { type: 'string' } }, not: { properties: { b: {} } } };
    assert.deepEqual(errorsOf(definitionOf(root)), [
      'spec.validation.openAPIV3Schema.properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.not.properties[b]',
    ]);
  });

  it('have patterns of Go, and no unique items', () => {
    assert.deepEqual(propertyErrors({ type: 'string', pattern: 'a(?=b)' }), [
      'P.pattern: Invalid value: "a(?=b)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ]);
    assert.deepEqual(propertyErrors({ type: 'string', pattern: '(?i)^[a-z]$' }), []);
    assert.deepEqual(propertyErrors({ type: 'array', items: { type: 'string' }, uniqueItems: true }), [
      'P.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ]);
  });

  it('tell the items of maps apart by keys that are there', () => {
    const list = (items: Fields): Fields => ({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items,
    });
    assert.deepEqual(propertyErrors(list({ type: 'object', properties: { k: { type: 'string' } } })), [
      'P.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    ]);
    assert.deepEqual(propertyErrors(list({ type: 'object' })), [
      'P.x-kubernetes-list-map-keys: Invalid value: ["k"]: entries must all be names of item properties',
    ]);
  });

  it('have defaults that are valid', () => {
    assert.deepEqual(propertyErrors({ type: 'integer', maximum: 3, default: 4 }), [
      'P.default: Invalid value: 4:  in body should be less than or equal to 3',
    ]);
    assert.deepEqual(propertyErrors({ type: 'object', default: { x: 1 } }), [
      'P.default: Invalid value: {"x":1}: must not have unknown fields',
    ]);
  });

  it('say nothing of metadata', () => {
    const metadata = { type: 'object', properties: { labels: { type: 'object' } } };
    assert.match(
      errorsOf(definitionOf({ type: 'object', properties: { metadata } })).join('\n'),
      /properties\[metadata\]: Forbidden: must not specify anything other than name and generateName/,
    );
  });
});
