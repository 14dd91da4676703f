// Schemas of definitions and objects to hold against them, for property tests.
import fc from 'fast-check';
import type { Schema } from '../../src/apiserver/custom/structural/schema.ts';
import type { JsonObject } from '../../src/lang/json.ts';

/** Few names, so that objects often meet their schema; some are JavaScript's own, some Kubernetes'. */
const NAMES = ['a', 'b', 'c', 'metadata', 'kind', '__proto__', 'constructor'];

const SCALAR = fc.constantFrom<unknown>(
  ...['', 'a', 'bb', '10.0.0.1', '2026-01-01T00:00:00Z', '%', 'Ä😀'],
  ...[null, true, false, 0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 1e300],
);

/** As it comes in a request: `__proto__` is a member like any other. */
const objectOf = <T>(member: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .array(fc.tuple(fc.constantFrom(...NAMES), member), { maxLength: 4 })
    .map((entries) => entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`))
    .map((members) => JSON.parse(`{${members.join()}}`) as Record<string, T>);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    SCALAR,
    fc.array(tie('value'), { maxLength: 3 }),
    objectOf(tie('value')),
  ),
}));

export const anyObject: fc.Arbitrary<JsonObject> = objectOf(value);

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const withoutGaps = (schema: object): Schema => JSON.parse(JSON.stringify(schema)) as Schema;

const SIZE = maybe(fc.constantFrom(0, 1, 2, -1));
const LIMITS = {
  nullable: maybe(fc.boolean()),
  default: maybe(value),
  enum: maybe(fc.array(SCALAR, { maxLength: 3 })),
  format: maybe(fc.constantFrom('date-time', 'int32', 'byte', 'ipv4', 'duration', 'odd', 'constructor')),
  pattern: maybe(fc.constantFrom('^a', '(', '(?i)B', '(a*)*$')),
  ...{ minimum: SIZE, maximum: SIZE, multipleOf: maybe(fc.constantFrom(0.1, 2, 0)) },
  ...{ minLength: SIZE, maxLength: SIZE, minItems: SIZE, maxItems: SIZE },
  ...{ minProperties: SIZE, maxProperties: SIZE },
  required: maybe(fc.subarray(NAMES)),
  'x-kubernetes-preserve-unknown-fields': maybe(fc.boolean()),
  'x-kubernetes-embedded-resource': maybe(fc.boolean()),
  'x-kubernetes-int-or-string': maybe(fc.boolean()),
  'x-kubernetes-list-type': maybe(fc.constantFrom('set', 'map', 'atomic')),
  'x-kubernetes-list-map-keys': maybe(fc.subarray(NAMES)),
  'x-kubernetes-validations': maybe(
    fc.constantFrom(
      [{ rule: 'self == oldSelf' }],
      [{ rule: 'has(self.a) && self.a == self.b', messageExpression: 'string(self.a)' }],
      [{ rule: 'self.all(x, x == self[0])' }],
      [{ rule: '1 / 0 == 1' }],
      [{ rule: '(' }],
    ),
  ),
};

/** What no author writes: limits of one type on another, alternatives anywhere, types that there are not. */
export const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => {
  const schemas = maybe(fc.array(tie('schema'), { maxLength: 2 }));
  const type = maybe(
    fc.constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'odd'),
  );
  const below = {
    properties: maybe(objectOf(tie('schema'))),
    additionalProperties: maybe(fc.oneof(fc.boolean(), tie('schema'))),
    items: maybe(tie('schema')),
    ...{ allOf: schemas, anyOf: schemas, oneOf: schemas, not: maybe(tie('schema')) },
  };
  const [flat, deep] = [fc.record({ type, ...LIMITS }), fc.record({ type, ...LIMITS, ...below })];
  return { schema: fc.oneof({ maxDepth: 4, depthSize: 'small' }, flat, deep).map(withoutGaps) };
}).schema;

const leaf = (type: string, preset: unknown, more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record({
    type: fc.constant(type),
    nullable: rarely(fc.constant(true)),
    default: maybe(fc.constant(preset)),
    ...more,
  });

/** What nearly always is a structural schema: defaults fit, lists have keys. */
export const structuralSchema: fc.Arbitrary<Schema> = fc.letrec<{ root: Schema; schema: Schema }>((tie) => {
  const free = rarely(fc.constant(true));
  const ofObject = {
    type: fc.constant('object'),
    nullable: rarely(fc.constant(true)),
    'x-kubernetes-preserve-unknown-fields': free,
  };
  const properties = objectOf(tie('schema')).map(({ metadata: _metadata, ...others }) => others);
  const schema = fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf('string', 'a', { minLength: rarely(fc.constant(1)), pattern: rarely(fc.constant('^a')) }),
    leaf('integer', 1, { maximum: rarely(fc.constant(5)) }),
    leaf('boolean', false),
    fc.record({ 'x-kubernetes-int-or-string': fc.constant(true), default: maybe(fc.constantFrom(1, 'a')) }),
    fc.record({ ...ofObject, properties, default: maybe(fc.constant({})) }),
    fc.record({
      ...ofObject,
      additionalProperties: tie('schema'),
      default: maybe(fc.constantFrom({}, { a: null })),
    }),
    fc.record({
      type: fc.constant('array'),
      items: tie('schema'),
      default: maybe(fc.constantFrom([], [null])),
    }),
  );
  const root = fc.record({ type: fc.constant('object'), properties });
  return { schema: schema.map(withoutGaps), root: root.map(withoutGaps) };
}).root;
