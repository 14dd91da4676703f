import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { apiVersionOf } from '../../k8s/resources.ts';
import { createKinds } from '../kinds/kinds.ts';
import { BackwardWriter } from './backward-writer.ts';
import { decodeProtobufObject } from './decode-object.ts';
import { encodeProtobufEvent, encodeProtobufObject } from './encode-object.ts';
import { type FieldFacts, messageFacts } from './facts.ts';
import { messageName } from './message-name.ts';

const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const SCHEMA = { type: 'object', description: 'd' };
const JSON_VALUES = fc.constantFrom<unknown>({ a: [1, null, 'Ä'] }, [], '', 7, false, {
  __proto__: null,
  x: {},
});

/** What is no object of its fields. */
const SPECIAL: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': fc.constantFrom(
    '2026-11-30T12:00:01Z',
    '1969-12-31T23:59:59Z',
  ),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': fc.constantFrom(
    '2026-11-30T12:00:01.000000Z',
    '2026-11-30T12:00:01.123456Z',
  ),
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': fc.constant({ 'f:spec': { '.': {}, 'k:{"a":1}': {} } }),
  'io.k8s.apimachinery.pkg.runtime.RawExtension': JSON_VALUES,
  'io.k8s.apimachinery.pkg.api.resource.Quantity': fc.constantFrom('500m', '1Gi', '-1'),
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': fc.constantFrom<unknown>(0, 80, -1, 'http', ''),
  'io.k8s.api.certificates.v1.ExtraValue': fc.constant(['a', 'b']),
  [`${EXTENSIONS}.JSON`]: JSON_VALUES,
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: fc.constantFrom<unknown>(SCHEMA, [SCHEMA, { type: 'string' }]),
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: fc.constantFrom<unknown>(SCHEMA, ['a', 'b']),
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: fc.constantFrom<unknown>(SCHEMA, true, false),
};

/** None is zero: of a zero Go cannot tell whether it was there. */
const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.constantFrom('a', 'Ä😀', 'x'.repeat(300)),
  bytes: fc.constantFrom('dw==', 'AP8='),
  bool: fc.constant(true),
  int32: fc.constantFrom(1, 127, 128, -1, 2 ** 31 - 1, -(2 ** 31)),
  int64: fc.constantFrom(1, 300, -1, 2 ** 53 - 1, -(2 ** 53 - 1)),
  double: fc.constantFrom(1, -1.5, 1e300),
};

const DEPTH_MAX = 5;

const valueOf = (type: string, depth: number): fc.Arbitrary<unknown> =>
  SCALARS[type] ?? SPECIAL[type] ?? membersOf(type, depth);

const fieldOf = ([, type, rule]: FieldFacts, depth: number): fc.Arbitrary<unknown> => {
  const value = valueOf(type, depth + 1);
  if (rule === 'list') return fc.array(value, { minLength: 1, maxLength: 2 });
  if (rule !== 'map') return value;
  return fc.dictionary(fc.constantFrom('a', 'b/c', '', '__proto__'), value, { minKeys: 1, maxKeys: 2 });
};

/** An object of some of the message's fields, those of messages that it inlines among them. */
const membersOf = (message: string, depth: number): fc.Arbitrary<object> => {
  if (depth > DEPTH_MAX) return fc.constant({});
  const facts = Object.values(messageFacts(message));
  const [inline, own] = [
    facts.filter(([, , rule]) => rule === 'inline'),
    facts.filter(([, , rule]) => rule !== 'inline'),
  ];
  return fc
    .subarray(own, { maxLength: Math.min(own.length, 4) })
    .chain((chosen) =>
      fc
        .tuple(
          fc.record(Object.fromEntries(chosen.map((each) => [each[0], fieldOf(each, depth)]))),
          ...inline.map(([, type]) => membersOf(type, depth)),
        )
        .map((parts) => Object.assign({}, ...parts) as object),
    );
};

const kinds = createKinds({
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
});

/** Without prototypes, which the decoder's objects have and a parsed body's do not. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('encodeProtobufObject()', () => {
  for (const { resource } of kinds) {
    const type = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
    it(`${type.apiVersion} ${type.kind}: what is written is what is read`, () => {
      const message = messageName(type.apiVersion, type.kind);
      fc.assert(
        fc.property(membersOf(message, 0), (members) => {
          const object = { ...type, ...members };
          assert.deepEqual(plain(decodeProtobufObject(encodeProtobufObject(object))), plain(object));
        }),
        { numRuns: 30 },
      );
    });
  }

  it('leaves out nulls and what the message has no field for', () => {
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a', creationTimestamp: null },
      odd: 1,
    };
    assert.deepEqual(decodeProtobufObject(encodeProtobufObject(object)), {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a' },
    });
  });

  it('begins as every such body does, with the fields of its envelope in their order', () => {
    const bytes = Buffer.from(
      encodeProtobufObject({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p' } }),
    );
    assert.equal(
      bytes.toString('latin1'),
      'k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x05\x0a\x03\x0a\x01p\x1a\x00\x22\x00',
    );
  });

  it('writes lists of objects, in their order and without types', () => {
    const list = {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '7', remainingItemCount: 3 },
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    };
    const text = Buffer.from(encodeProtobufObject(list)).toString('latin1');
    assert.ok(
      text.includes('\x0a\x05\x12\x017 \x03\x12\x05\x0a\x03\x0a\x01a\x12\x05\x0a\x03\x0a\x01b\x1a\x00'),
    );
  });

  it('refuses a kind without messages', () => {
    assert.throws(
      () => encodeProtobufObject({ kind: 'Widget', apiVersion: 'example.com/v1' }),
      /no protobuf message/,
    );
  });
});

it('encodeProtobufEvent() is a length and a WatchEvent with a whole answer inside', () => {
  const object = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { a: 'dw==' } };
  const frame = Buffer.from(encodeProtobufEvent('ADDED', object));
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  const { root } = protobuf.parse(
    'syntax="proto2"; message Raw { optional bytes raw = 1; } message Event { optional string type = 1; optional Raw object = 2; }',
  );
  const event = root.lookupType('Event').decode(frame.subarray(4)) as unknown as {
    readonly type: string;
    readonly object: { readonly raw: Uint8Array };
  };
  assert.equal(event.type, 'ADDED');
  assert.deepEqual(decodeProtobufObject(event.object.raw), object);
});

it('BackwardWriter writes numbers as protobufjs does', () => {
  const numbers = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc.constantFrom(0, 127, 128, 2 ** 32, 2 ** 53 - 1),
  );
  fc.assert(
    fc.property(numbers, (value) => {
      const writer = new BackwardWriter();
      writer.varint(value);
      assert.deepEqual([...writer.written()], [...protobuf.Writer.create().int64(value).finish()]);
    }),
  );
});
