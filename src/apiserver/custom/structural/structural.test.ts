import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cloneJson } from '../../../lang/json.ts';
import { applyDefaults, dropNulls } from './defaults.ts';
import { stringFormat } from './formats.ts';
import { duplicateItems } from './list-keys.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';
import { validateValue } from './validate.ts';

const objectOf = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});

const findings = (schema: Schema, value: unknown, before?: unknown): readonly string[] =>
  validateValue(schema, value, before === undefined ? {} : { before: { value: before } }).map(
    ({ field, message }) => `${field}: ${message}`,
  );

describe('prune', () => {
  const schema = objectOf({
    a: { type: 'array', items: objectOf({ b: { type: 'string' } }) },
    free: objectOf({ c: objectOf({}) }, { 'x-kubernetes-preserve-unknown-fields': true }),
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  });

  it('takes what is not specified, and says where it was', () => {
    const object = { kind: 'Foo', metadata: { name: 'x' }, a: [{ b: '', z: 1 }], y: 1, labels: { l: '' } };
    assert.deepEqual(prune(object, schema), ['a[0].z', 'y']);
    assert.deepEqual(object, { kind: 'Foo', metadata: { name: 'x' }, a: [{ b: '' }], labels: { l: '' } });
  });

  it('leaves what may be anything, but for what is specified within', () => {
    const object = { free: { any: { thing: 1 }, c: { gone: 1 } } };
    assert.deepEqual(prune(object, schema), ['free.c.gone']);
  });
});

describe('applyDefaults', () => {
  const schema = objectOf({
    spec: objectOf(
      { n: { type: 'integer', default: 3 }, q: { type: 'string', nullable: true, default: 'q' } },
      { default: {} },
    ),
  });

  it('sets what is missing, and then what is missing in that', () => {
    const object = {};
    applyDefaults(object, schema);
    assert.deepEqual(object, { spec: { n: 3, q: 'q' } });
  });

  it('counts a null as missing where none may be', () => {
    const object = { spec: { n: null, q: null } };
    dropNulls(object, schema);
    applyDefaults(object, schema);
    assert.deepEqual(object, { spec: { n: 3, q: null } });
  });

  it('shares nothing with the schema, and changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const holder = { spec: value };
        applyDefaults(holder, schema);
        const once = cloneJson(holder);
        applyDefaults(holder, schema);
        assert.deepEqual(holder, once);
      }),
    );
  });
});

describe('validateValue', () => {
  it('speaks as kube-apiserver does', () => {
    const schema = objectOf(
      {
        spec: objectOf(
          {
            n: {
              type: 'integer',
              format: 'int32',
              minimum: 1,
              exclusiveMaximum: true,
              maximum: 10,
              multipleOf: 2,
            },
            s: { type: 'string', minLength: 2, maxLength: 3, pattern: '^a' },
            l: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'boolean' } },
            m: { type: 'object', maxProperties: 1, additionalProperties: { type: 'integer' } },
            t: { type: 'string', format: 'date-time' },
          },
          { required: ['n'] },
        ),
      },
      { required: ['spec'] },
    );
    const wrong = { n: 10, s: 'bbbb', l: [1, 2, 3], m: { a: '1', b: 2 }, t: 'noon' };
    assert.deepEqual(findings(schema, { spec: wrong }), [
      'spec.n: Invalid value: 10: spec.n in body should be less than 10',
      'spec.s: Too long: may not be more than 3 bytes',
      'spec.l[0]: Invalid value: "integer": spec.l[0] in body must be of type boolean: "integer"',
      'spec.l[1]: Invalid value: "integer": spec.l[1] in body must be of type boolean: "integer"',
      'spec.l[2]: Invalid value: "integer": spec.l[2] in body must be of type boolean: "integer"',
      'spec.l: Too many: 3: must have at most 2 items',
      'spec.m: Too many: 2: must have at most 1 item',
      'spec.m.a: Invalid value: "string": spec.m.a in body must be of type integer: "string"',
      'spec.t: Invalid value: "noon": spec.t in body must be of type date-time: "noon"',
    ]);
    assert.deepEqual(findings(schema, {}), ['spec: Required value']);
    assert.deepEqual(findings(schema, { spec: { n: 3, s: 'b', l: [] } }), [
      'spec.n: Invalid value: 3: spec.n in body should be a multiple of 2',
      'spec.s: Invalid value: "b": spec.s in body should be at least 2 chars long',
      'spec.l: Invalid value: 0: spec.l in body should have at least 1 items',
    ]);
    assert.deepEqual(findings(schema, { spec: { n: 2 ** 31 } }), [
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.n',
      'spec.n: Invalid value: 2147483648: spec.n in body should be less than 10',
    ]);
  });

  it('shows of alternatives the complaints of the likeliest', () => {
    const schema = objectOf({
      o: { type: 'string', oneOf: [{ enum: ['a'] }, { pattern: '^[ab]$' }] },
      y: { type: 'integer', anyOf: [{ minimum: 10 }, { maximum: 2 }] },
      all: { type: 'string', allOf: [{ minLength: 2 }, { maxLength: 9 }] },
      no: { type: 'string', not: { enum: ['x'] } },
    });
    assert.deepEqual(findings(schema, { o: 'a', y: 5, all: 'a', no: 'x' }), [
      '<nil>: Invalid value: "": "o" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      '<nil>: Invalid value: "": "y" must validate at least one schema (anyOf)',
      'y: Invalid value: 5: y in body should be greater than or equal to 10',
      'all: Invalid value: "a": all in body should be at least 2 chars long',
      '<nil>: Invalid value: "": "all" must validate all the schemas (allOf)',
      '<nil>: Invalid value: "": "no" must not validate the schema (not)',
    ]);
    assert.deepEqual(findings(schema, { o: 'b', y: 1, all: 'ab', no: 'y' }), []);
  });

  it('takes nulls where they are allowed, and numbers or texts where either is', () => {
    const schema = objectOf({
      a: { type: 'string' },
      b: { type: 'string', nullable: true },
      c: { 'x-kubernetes-int-or-string': true },
    });
    assert.deepEqual(findings(schema, { a: null, b: null, c: 1.5 }), [
      'a: Invalid value: "null": a in body must be of type string: "null"',
      'c: Invalid value: "number": c in body must be of type integer,string: "number"',
    ]);
    assert.deepEqual(findings(schema, { c: 1 }), []);
    assert.deepEqual(findings(schema, { c: '1' }), []);
  });

  it('lets stay what an update does not change', () => {
    const rules: Schema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: objectOf({ k: { type: 'string' }, v: { type: 'integer', maximum: 1 } }),
    };
    const schema = objectOf({ n: { type: 'integer', maximum: 1 }, rules });
    const before = { n: 5, rules: [{ k: 'a', v: 5 }] };
    assert.deepEqual(
      findings(
        schema,
        {
          n: 5,
          rules: [
            { k: 'b', v: 1 },
            { k: 'a', v: 5 },
          ],
        },
        before,
      ),
      [],
    );
    assert.deepEqual(findings(schema, { n: 6, rules: [{ k: 'a', v: 6 }] }, before), [
      'n: Invalid value: 6: n in body should be less than or equal to 1',
      'rules[0].v: Invalid value: 6: rules[0].v in body should be less than or equal to 1',
    ]);
  });
});

describe('duplicateItems', () => {
  it('names the second of each that stands there more than once', () => {
    const schema = objectOf({
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['b', 'a'],
        items: objectOf({ a: { type: 'string' }, b: { type: 'integer' } }),
      },
    });
    const value = { set: ['x', 'y', 'x', 'x'], map: [{ b: 1, a: '1' }, { a: '1' }, { a: '1', b: 1, c: 2 }] };
    assert.deepEqual(
      duplicateItems(schema, value).map(({ field, message }) => `${field}: ${message}`),
      ['set[2]: Duplicate value: "x"', 'map[2]: Duplicate value: {"a":"1","b":1}'],
    );
  });
});

describe('stringFormat', () => {
  const samples: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
    bsonobjectid: [['507f1f77bcf86cd799439011'], ['x']],
    uri: [
      ['https://a.b/c?d=%20', '/a', 'mailto:a@b'],
      ['a/b', '', 'https://a b', '%zz:/'],
    ],
    email: [
      ['a@b.c', 'N N <a@b>'],
      ['a', 'a@', '@b', 'a b@c'],
    ],
    hostname: [
      ['a.example.com', '1.example', 'a'],
      ['-a', 'a..b', 'a_b'],
    ],
    ipv4: [
      ['1.2.3.4', '01.2.3.4'],
      ['1.2.3', '::1'],
    ],
    ipv6: [
      ['::1', 'fe80::1'],
      ['1.2.3.4', 'x::'],
    ],
    cidr: [
      ['10.0.0.0/8', '::/0'],
      ['10.0.0.0', '10.0.0.0/33'],
    ],
    mac: [
      ['01:23:45:67:89:ab', '01-23-45-67-89-ab-cd-ef', '0123.4567.89ab'],
      ['01:23:45:67:89', '01:23-45:67:89:ab'],
    ],
    uuid: [['123e4567-e89b-12d3-a456-426614174000', '123E4567e89b12d3a456426614174000'], ['123e4567']],
    uuid3: [['123e4567-e89b-32d3-a456-426614174000'], ['123e4567-e89b-42d3-a456-426614174000']],
    uuid4: [['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-42d3-c456-426614174000']],
    uuid5: [['123e4567-e89b-52d3-a456-426614174000'], ['123e4567-e89b-42d3-a456-426614174000']],
    isbn: [['0321751043', '978-0321751041'], ['0321751044']],
    isbn10: [['0-321-75104-3'], ['9780321751041']],
    isbn13: [['978-0321751041'], ['0321751043']],
    creditcard: [['4111 1111 1111 1111'], ['4111111111111112']],
    ssn: [['123-45-6789'], ['123456789']],
    hexcolor: [['#FFFFFF', 'abc'], ['#ff']],
    rgbcolor: [['rgb(255,255,25)'], ['rgb(256,0,0)']],
    byte: [['aGk=', 'aGkh'], ['a']],
    password: [['anything'], []],
    date: [['2024-02-29'], ['2023-02-29', '2024-2-1']],
    duration: [
      ['1h30m', '1.5s', '2 days', '-3ms'],
      ['x', '5', ''],
    ],
    datetime: [
      ['2024-01-02T03:04:05Z', '2024-01-02t03:04:05.678+01:00'],
      ['2024-01-02', '2024-01-02T24:00:00Z'],
    ],
    'k8s-short-name': [['a-1'], ['A', 'a.b']],
    'k8s-long-name': [['a.b-1'], ['a..b', 'A']],
  };
  for (const [name, [good, bad]] of Object.entries(samples)) {
    it(name, () => {
      const check = stringFormat(name)!;
      assert.deepEqual(
        good.filter((text) => !check(text)),
        [],
      );
      assert.deepEqual(
        bad.filter((text) => check(text)),
        [],
      );
    });
  }

  it('is nothing for a name that Kubernetes does not check', () => {
    assert.equal(stringFormat('idn-email'), undefined);
    assert.equal(stringFormat('constructor'), undefined);
  });

  it('takes time that grows with the text only: anyone may send it', () => {
    const length = 300_000; // steps of its square would take minutes
    for (const unit of [' ', '1', '1.', 'a', 'a.', 'a@', '"', '<', ':'])
      for (const name of [
        'email',
        'duration',
        'cidr',
        'ipv4',
        'ipv6',
        'uri',
        'hostname',
        'byte',
        'isbn',
        'mac',
      ])
        assert.equal(
          stringFormat(name)!(`${unit.repeat(length)}\n!`),
          false,
          `${name} of ${JSON.stringify(unit)}`,
        );
  });
});
