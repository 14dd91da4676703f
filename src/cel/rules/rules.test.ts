import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldError } from '../../k8s/field-error.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { compileRules } from './rules.ts';
import { schemaRuleErrors } from './schema-rules.ts';

const text = (errors: readonly FieldError[]): string[] =>
  errors.map(({ type, field, message }) => `${type.replace('FieldValue', '')} ${field}: ${message}`);

const withRules = (schema: Schema, ...rules: readonly ValidationRule[]): Schema => ({
  ...schema,
  'x-kubernetes-validations': rules,
});

const rule = (source: string, more: Partial<ValidationRule> = {}): ValidationRule => ({
  rule: source,
  ...more,
});

const object = (properties: Readonly<Record<string, Schema>>, ...rules: readonly ValidationRule[]): Schema =>
  withRules({ type: 'object', properties }, ...rules);

const spec = (properties: Readonly<Record<string, Schema>>, ...rules: readonly ValidationRule[]): Schema =>
  object({ spec: object(properties, ...rules) });

const check = (schema: Schema, value: unknown, before?: unknown): string[] =>
  text(compileRules(schema).check(value, before));

const TEXT: Schema = { type: 'string', maxLength: 20 };
const INTEGER: Schema = { type: 'integer' };

describe('compileRules()', () => {
  it('says which rule does not hold: its message, or the rule', () => {
    const schema = spec(
      { min: INTEGER, max: INTEGER },
      rule('self.min <= self.max'),
      rule('self.max < 10', { message: ' too many ' }),
    );
    assert.deepEqual(check(schema, { spec: { min: 1, max: 2 } }), []);
    assert.deepEqual(check(schema, { spec: { min: 20, max: 12 } }), [
      'Invalid spec: Invalid value: failed rule: self.min <= self.max',
      'Invalid spec: Invalid value: too many',
    ]);
  });

  it('shows the value of a scalar, and a reason in its own words', () => {
    const schema = spec({
      a: withRules(TEXT, rule('self != "x"', { message: 'no x' })),
      b: withRules(INTEGER, rule('self > 0', { reason: 'FieldValueForbidden', message: 'must be positive' })),
      c: withRules(TEXT, rule('false', { reason: 'FieldValueDuplicate' })),
      d: withRules(TEXT, rule('false', { reason: 'FieldValueRequired', message: 'needed' })),
    });
    assert.deepEqual(check(schema, { spec: { a: 'x', b: 0, c: 'c', d: 'd' } }), [
      'Invalid spec.a: Invalid value: "x": no x',
      'Forbidden spec.b: Forbidden: must be positive',
      'Duplicate spec.c: Duplicate value: "c"',
      'Required spec.d: Required value: needed',
    ]);
  });

  it('looks into lists, maps, embedded resources and allOf', () => {
    const name = withRules(TEXT, rule('self != "x"', { message: 'no x' }));
    const schema = spec({
      list: { type: 'array', items: object({ name }) },
      map: { type: 'object', additionalProperties: name },
      template: {
        ...object({}, rule('self.kind == "Pod" && self.metadata.name != "x"', { message: 'no' })),
        'x-kubernetes-embedded-resource': true,
      },
      both: {
        ...TEXT,
        allOf: [{ 'x-kubernetes-validations': [rule('self.size() > 3', { message: 'short' })] }],
      },
    });
    const value = {
      list: [{ name: 'a' }, { name: 'x' }],
      map: { k: 'x' },
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
      both: 'ab',
    };
    assert.deepEqual(check(schema, { spec: value }), [
      'Invalid spec.list[1].name: Invalid value: "x": no x',
      'Invalid spec.map[k]: Invalid value: "x": no x',
      'Invalid spec.template: Invalid value: no',
      'Invalid spec.both: Invalid value: "ab": short',
    ]);
  });

  it('rejects where a rule errs, in kube-apiserver words', () => {
    const schema = spec(
      { a: INTEGER, port: { 'x-kubernetes-int-or-string': true } },
      rule('10 / self.a > 0'),
      rule('self.port.startsWith("8")', { message: 'port' }),
      rule('self.port < 5'),
    );
    assert.deepEqual(check(schema, { spec: { a: 0, port: 80 } }), [
      'Invalid spec: Invalid value: "object": division by zero evaluating rule: 10 / self.a > 0',
      `Invalid spec: Invalid value: "object": 'no such overload: startsWith(int, string)': call arguments did not match a supported operator, function or macro signature for rule: port`,
      'Invalid spec: Invalid value: failed rule: self.port < 5',
    ]);
    assert.deepEqual(check(spec({ a: INTEGER }, rule('self.a > 0')), { spec: {} }), [
      'Invalid spec: Invalid value: "object": no such key: a evaluating rule: self.a > 0',
    ]);
  });

  it('rejects everything by a rule that does not compile', () => {
    const [error] = check(spec({ a: INTEGER }, rule('self.b > 0')), { spec: { a: 1 } });
    assert.match(
      error!,
      /^Invalid spec: Invalid value: "object": rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'b'/,
    );
  });

  it('says what a messageExpression says, or the message where it has no text', () => {
    const messages = ['"a is " + string(self.a)', '""', '"two\\nlines"', 'string(1 / (self.a - 5))'];
    const rules = messages.map((messageExpression) =>
      rule('self.a < 3', { messageExpression, message: 'fallback' }),
    );
    assert.deepEqual(check(spec({ a: INTEGER }, ...rules), { spec: { a: 5 } }), [
      'Invalid spec: Invalid value: a is 5',
      'Invalid spec: Invalid value: fallback',
      'Invalid spec: Invalid value: fallback',
      'Invalid spec: Invalid value: fallback',
    ]);
  });

  it('puts the finding at the fieldPath', () => {
    const labels: Schema = { type: 'object', additionalProperties: TEXT };
    const schema = spec(
      { a: object({ b: TEXT }), labels },
      rule('false', { fieldPath: '.a.b' }),
      rule('false', { fieldPath: ".labels['x.y']" }),
    );
    assert.deepEqual(
      check(schema, { spec: {} }).map((each) => each.split(': ')[0]),
      ['Invalid spec.a.b', 'Invalid spec.labels[x.y]'],
    );
  });

  it('asks nothing of what is null or absent', () => {
    const schema = spec({ a: withRules({ ...TEXT, nullable: true }, rule('false')) });
    assert.deepEqual(check(schema, { spec: { a: null } }), []);
    assert.deepEqual(check(schema, { spec: {} }), []);
  });

  it('knows the root of a resource', () => {
    const schema = object(
      {},
      rule('self.metadata.name.startsWith("web-") && self.kind == "Thing"', { message: 'name' }),
    );
    assert.deepEqual(check(schema, { kind: 'Thing', metadata: { name: 'web-1' } }), []);
    assert.deepEqual(check(schema, { kind: 'Thing', metadata: { name: 'x' } }), [
      'Invalid <nil>: Invalid value: name',
    ]);
  });
});

describe('compileRules(), with the object before an update', () => {
  const immutable = rule('self == oldSelf', { message: 'immutable' });

  it('evaluates transition rules only where there is an old value', () => {
    const schema = spec({ a: withRules(TEXT, immutable) });
    assert.deepEqual(check(schema, { spec: { a: 'x' } }), []);
    assert.deepEqual(check(schema, { spec: { a: 'x' } }, { spec: {} }), []);
    assert.deepEqual(check(schema, { spec: { a: 'x' } }, { spec: { a: 'x' } }), []);
    assert.deepEqual(check(schema, { spec: { a: 'x' } }, { spec: { a: 'y' } }), [
      'Invalid spec.a: Invalid value: "x": immutable',
    ]);
  });

  it('finds the old item by the keys of a map list, and none in other lists', () => {
    const items = object({ name: TEXT, value: TEXT }, immutable);
    const keyed = spec({
      list: { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    });
    const atomic = spec({ list: { type: 'array', items } });
    const before = {
      spec: {
        list: [
          { name: 'a', value: '1' },
          { name: 'b', value: '2' },
        ],
      },
    };
    const after = { spec: { list: [{ name: 'b', value: '3' }, { name: 'a', value: '1' }, { name: 'c' }] } };
    assert.deepEqual(check(keyed, after, before), ['Invalid spec.list[0]: Invalid value: immutable']);
    assert.deepEqual(check(atomic, after, before), []);
  });

  it('gives optionalOldSelf an optional', () => {
    const source = 'oldSelf.hasValue() || self == "new"';
    const schema = spec({ a: withRules(TEXT, rule(source, { optionalOldSelf: true, message: 'first' })) });
    assert.deepEqual(check(schema, { spec: { a: 'new' } }), []);
    assert.deepEqual(check(schema, { spec: { a: 'x' } }), ['Invalid spec.a: Invalid value: "x": first']);
    assert.deepEqual(check(schema, { spec: { a: 'x' } }, { spec: { a: 'y' } }), []);
  });

  it('lets stand what did not change (KEP-4008), but for transition rules', () => {
    const schema = spec({
      a: withRules(TEXT, rule('self != "bad"')),
      b: TEXT,
      list: { type: 'array', items: withRules(TEXT, rule('self != "bad"')) },
    });
    const before = { spec: { a: 'bad', list: ['bad'] } };
    assert.deepEqual(check(schema, { spec: { a: 'bad', b: 'new', list: ['bad'] } }, before), []);
    assert.equal(check(schema, { spec: { a: 'bad', list: ['bad', 'x'] } }, before).length, 1);
    assert.deepEqual(check(spec({ a: withRules(TEXT, rule('oldSelf != "bad"')) }), before, before).length, 1);
  });
});

describe('compileRules(), when rules cost too much', () => {
  const many = { type: 'array', items: INTEGER } as const;
  const squares = (depth: number): string =>
    depth === 0 ? 'x0 >= 0' : `self.l.all(x${depth - 1}, ${squares(depth - 1)})`;
  const value = { spec: { l: Array.from({ length: 300 }, (_, i) => i) } };

  it('ends a call at its limit, and asks no other rule', () => {
    const schema = spec({ l: many }, rule(squares(4), { message: 'deep' }), rule('false'));
    assert.deepEqual(check(schema, value), [
      `Invalid spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: deep`,
    ]);
  });

  it('ends an object at its budget', () => {
    const schema = spec({ l: many }, ...Array.from({ length: 100 }, () => rule(squares(2))));
    assert.deepEqual(check(schema, value), [
      'Invalid spec: Invalid value: "object": validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
  });
});

describe('schemaRuleErrors()', () => {
  const errors = (schema: Schema): string[] => text(schemaRuleErrors(schema, 'schema'));

  it('names the rule that does not compile, as kube-apiserver shows it', () => {
    assert.deepEqual(errors(spec({ a: TEXT }, rule('self.foo', { message: 'm' }))), [
      `Invalid schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.foo","Message":"m","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^`,
    ]);
    assert.match(errors(spec({ a: TEXT }, rule('self.a')))[0]!, /: cel expression must evaluate to a bool$/);
    assert.match(
      errors(spec({ a: TEXT }, rule('true', { messageExpression: '1' })))[0]!,
      /messageExpression: .*: messageExpression must evaluate to a string$/,
    );
  });

  it('asks for a rule, a message of one line, a known reason and a path that exists', () => {
    const rules = [
      rule(' '),
      rule('true', { message: ' ' }),
      rule('true', { message: 'a\nb' }),
      rule('true\n'),
      rule('true &&\ntrue'),
      rule('true', { messageExpression: ' ' }),
      rule('true', { reason: 'Odd' }),
      rule('true', { fieldPath: '.nope' }),
      rule('true', { fieldPath: '.a[0]' }),
    ];
    const at = 'schema.properties[spec].x-kubernetes-validations';
    assert.deepEqual(errors(spec({ a: TEXT }, ...rules)), [
      `Required ${at}[0].rule: Required value: rule is not specified`,
      `Invalid ${at}[1].message: Invalid value: " ": must be non-empty if specified`,
      `Invalid ${at}[2].message: Invalid value: "a\\nb": must not contain line breaks`,
      `Required ${at}[4].message: Required value: message must be specified if rule contains line breaks`,
      `Required ${at}[5].messageExpression: Required value: messageExpression must be non-empty if specified`,
      `NotSupported ${at}[6].reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
      `Invalid ${at}[7].fieldPath: Invalid value: ".nope": must be a valid path`,
      `Invalid ${at}[8].fieldPath: Invalid value: ".a[0]": must be a valid path`,
    ]);
  });

  it('refuses oldSelf where no old value can be found, and optionalOldSelf without oldSelf', () => {
    const items = withRules(TEXT, rule('self == oldSelf'));
    const schema = object({
      list: { type: 'array', items, maxItems: 5 },
      a: withRules(TEXT, rule('true', { optionalOldSelf: true })),
    });
    assert.deepEqual(errors(schema), [
      'Invalid schema.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[list]',
      'Invalid schema.properties[a].x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule',
    ]);
  });

  const list = (more: Partial<Schema>): Schema => ({ type: 'array', items: TEXT, ...more });
  const pairs = rule('self.all(x, self.all(y, x == y))');
  const hint =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

  it('refuses a rule that could cost too much, and accepts it where the schema bounds it', () => {
    assert.deepEqual(errors(object({ l: withRules(list({ maxItems: 100 }), pairs) })), []);
    const [first] = errors(object({ l: withRules(list({}), pairs) }));
    assert.equal(
      first,
      `Forbidden schema.properties[l].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
    );
    const [second] = errors(object({ l: withRules(list({ maxItems: 2000 }), pairs) }));
    assert.match(second!, /exceeds budget by factor of \d\.\dx /);
  });

  it('compares what it has parsed at no cost worth naming', () => {
    const networks: Schema = {
      type: 'array',
      maxItems: 25,
      items: withRules(
        { type: 'string', maxLength: 43 },
        rule('isCIDR(self) && cidr(self) == cidr(self).masked()'),
      ),
    };
    assert.deepEqual(schemaRuleErrors(object({ networks }), 'schema'), []);
  });

  it('refuses a schema whose rules together could cost too much', () => {
    const costly = withRules(list({ maxItems: 800 }), pairs);
    const names = Array.from({ length: 14 }, (_, i) => `l${i}`);
    const found = errors(object(Object.fromEntries(names.map((name) => [name, costly]))));
    assert.equal(found.length, 5);
    assert.match(
      found[0]!,
      /^Forbidden schema\.properties\[l0\].*: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema$/,
    );
    assert.match(
      found[4]!,
      /^Forbidden schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 1\.\d+x /,
    );
  });
});
