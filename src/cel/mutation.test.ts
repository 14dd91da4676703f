// Messages in expressions: how they are written, what they are, what they become.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from './compile.ts';
import { environment } from './environment.ts';
import { misnamed, withPatches } from './mutation.ts';
import { untypedValue } from './schema/json-value.ts';
import { DYN, typeText } from './types/type.ts';
import { jsonOf } from './values/json.ts';
import type { Value } from './values/value.ts';

const ENVIRONMENT = withPatches(environment({ object: DYN }));
const BOUND = { object: untypedValue({ a: 1, labels: { 'k8s.io/x': 'y' }, list: [1, 2] }) };

const evaluated = (source: string): { readonly type: string; readonly value: Value } => {
  const compiled = compile(source, ENVIRONMENT);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.error);
  const result = compiled.program.evaluate(BOUND);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return { type: typeText(compiled.program.type), value: result.value };
};
const refused = (source: string, within = ENVIRONMENT): string => {
  const compiled = compile(source, within);
  assert.ok(!compiled.ok, 'it compiles');
  return compiled.error;
};

describe('messages', () => {
  for (const [source, type, json] of [
    ['Object{}', 'Object', {}],
    ['Object{ spec: Object.spec{replicas: object.a + 2} }', 'Object', { spec: { replicas: 3 } }],
    [
      'Object{metadata: Object.metadata{labels: {"a/b": "{x: y}"}, `odd-name`: [true, false]}}',
      'Object',
      { metadata: { labels: { 'a/b': '{x: y}' }, 'odd-name': [true, false] } },
    ],
    ['object.list.map(n, Object.spec.list{n: n}).map(m, m.n)', 'list(dyn)', [1, 2]],
    [
      'Object{a: 1.5, b: b"hi", c: duration("90s"), d: null, e: timestamp("2026-01-01T00:00:00Z")}',
      'Object',
      { a: 1.5, b: 'aGk=', c: '90s', d: null, e: '2026-01-01T00:00:00Z' },
    ],
    [
      '[JSONPatch{op: "add", path: "/a", value: {"b": 1}}]',
      'list(JSONPatch)',
      [{ op: 'add', path: '/a', value: { b: 1 } }],
    ],
    ['"/labels/" + jsonpatch.escapeKey("k8s.io/a~b")', 'string', '/labels/k8s.io~1a~0b'],
    [
      'Object{a: 1} == Object{a: 1} && Object{a: 1} != Object{a: 2} && dyn(Object{}) != dyn({})',
      'bool',
      true,
    ],
    ["object.a in {1: 'Object{'} // Object{", 'bool', true],
    ['true ? Object{a: 1}.a : 2', 'dyn', 1],
    ['has(Object{a: 1}.b)', 'bool', false],
  ] as const)
    it(source, () => {
      const { type: found, value } = evaluated(source);
      assert.equal(found, type);
      assert.deepEqual(jsonOf(value), json);
    });

  for (const [source, message] of [
    [
      'Foo{a: 1}',
      "ERROR: <input>:1:4: undeclared reference to 'Foo' (in container '')\n | Foo{a: 1}\n | ...^",
    ],
    ['JSONPatch{op: 1}', "1:11: expected type of field 'op' is 'string' but provided type is 'int'"],
    ['JSONPatch{nope: ""}', "1:11: undefined field 'nope'"],
    ['Object{a: 1}\n  + none', "2:5: undeclared reference to 'none'"],
    ['Object{a: Object.a{b: none}}', "1:23: undeclared reference to 'none'"],
    ['Object{1: 2}', '1:8: Syntax error: a field is a name'],
    ['Object{a: }', '1:11: Syntax error'],
    ['f(){a: 1}', 'Syntax error'],
    ['Object{a: 1', 'Syntax error'],
    ['Object{a: "', 'Syntax error'],
    ['[Object.a{}, 1]', "expected type 'Object.a' but found 'int'"],
  ] as const)
    it(`does not compile: ${source}`, () => {
      const text = refused(source);
      assert.ok(text.includes(message), text);
    });

  it('there are none where no patches are made', () => {
    assert.match(refused('Object{}', environment({})), /undeclared reference to 'Object'/);
    assert.match(refused('jsonpatch.escapeKey("a")', environment({})), /undeclared reference/);
  });

  it('are called by the fields that lead to them', () => {
    const finding = (source: string) => misnamed(evaluated(source).value);
    assert.equal(finding('Object{spec: Object.spec{a: [Object.spec.a{b: Object.spec.a.b{}}]}}'), undefined);
    assert.equal(finding('Object{spec: Object.spec{a: {"k": Object.spec.a{}}}}'), undefined);
    assert.match(
      finding('Object{spec: Object.spec{a: [Object.spec.b{}]}}') ?? '',
      /^unexpected type name "Object\.spec\.b", expected "Object\.spec\.a"/,
    );
  });

  it('hold no more than an object can', () => {
    const doubled = Array.from({ length: 25 }, () => '.map(a, [a, a])').join('');
    const { value } = evaluated(`[object]${doubled.slice(0, 15)}`);
    assert.deepEqual(jsonOf(value), [[jsonOf(BOUND.object), jsonOf(BOUND.object)]]);
    assert.throws(() => jsonOf(evaluated(`[1]${doubled}`).value), /more than 200000 parts/);
    assert.throws(() => jsonOf(evaluated('[object.?a]').value), /optional_type has no JSON/);
  });

  it('are found in time that grows with the source only', () => {
    for (const piece of ['\\"""', 'a{', "r'''", '`', 'Object{a:', '"', '//'])
      assert.ok(refused(piece.repeat(Math.floor(90_000 / piece.length))).length > 0);
  });
});
