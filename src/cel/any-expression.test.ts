// Whatever an expression says and whatever the data are, there is a program or a complaint, a value or an error, in bounded
// time and memory. FUZZ_RUNS: how many of each.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CALL_COST_LIMIT, compile } from './compile.ts';
import type { Evaluation } from './compile.ts';
import { environment } from './environment.ts';
import { LIBRARY, TYPE_NAMES } from './functions/library.ts';
import { untypedValue } from './schema/json-value.ts';
import { DYN } from './types/type.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 500);

const ATOMS = [
  ...['self', 'self.a', 'self["a"]', 'self.?a', 'x', 'y', 'k', 'none'],
  ...['0', '1', '-1', '3u', '1.5', '9223372036854775807', '-9223372036854775808', '1e308'],
  ...[
    "''",
    "'a'",
    "'Ä😀'",
    "'1h'",
    "'10.0.0.1'",
    "'%s'",
    "'(a*)*$'",
    "'2026-01-01T00:00:00Z'",
    "b'x'",
    "r'\\d'",
  ],
  ...['true', 'false', 'null', '[]', '{}', ...TYPE_NAMES.map(({ name }) => name)],
];
const OPERATORS = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'];
const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter', 'transformList', 'transformMap', 'sortBy'];
const FUNCTIONS = [...LIBRARY.keys()].filter((name) => /^[a-zA-Z.]+$/.test(name));

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const [a, b, c] = [tie('expression'), tie('expression'), tie('expression')];
  const called = fc.tuple(fc.constantFrom(...FUNCTIONS), fc.array(tie('expression'), { maxLength: 3 }));
  return {
    expression: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      fc.constantFrom(...ATOMS),
      fc
        .tuple(a, fc.constantFrom(...OPERATORS), b)
        .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
      fc.tuple(a, b, c).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
      fc.tuple(a, called).map(([on, [name, args]]) => `${on}.${name}(${args.join(', ')})`),
      called.map(([name, args]) => `${name}(${args.join(', ')})`),
      fc.tuple(a, fc.constantFrom(...MACROS), b).map(([on, name, body]) => `${on}.${name}(x, ${body})`),
      fc
        .tuple(a, fc.constantFrom(...MACROS), b, c)
        .map(([on, name, d, e]) => `${on}.${name}(k, y, ${d}, ${e})`),
      fc.tuple(a, b).map(([first, second]) => `[${first}, ${second}]`),
      fc.tuple(a, b).map(([key, value]) => `{${key}: ${value}}`),
      fc.tuple(a, b).map(([on, index]) => `${on}[${index}]`),
      a.map((on) => `has(${on}.a)`),
      a.map((on) => `!${on}`),
      fc.tuple(a, b).map(([first, second]) => `Object.spec{a: ${first}, \`b.c\`: ${second}}`),
    ),
  };
});

const ENVIRONMENT = environment({ self: DYN, x: DYN });

const evaluated = (source: string, data: unknown): Evaluation | undefined => {
  const compiled = compile(source, ENVIRONMENT);
  if (compiled.ok) return compiled.program.evaluate({ self: untypedValue(data), x: 1n });
  assert.match(compiled.error, /^ERROR: <input>:\d+:\d+: ./);
  return undefined;
};

const check = (source: string, data: unknown): void => {
  const result = evaluated(source, data);
  if (result?.ok) assert.ok(result.cost <= CALL_COST_LIMIT);
  else if (result) assert.notEqual(result.error, '');
};

describe('any expression', () => {
  it('has a value or an error, on any data', () => {
    const data = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(expression, data, data, (source, a, b) => check(source, { a, b })),
      { numRuns },
    );
  });

  it('need not be one', () => {
    const broken = fc
      .tuple(
        expression,
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.constantFrom('', '(', '"', '\\', '\u0000', '\ud800', '..', '`'),
      )
      .map(([source, at, length, put]) => {
        const from = at % (source.length + 1);
        return source.slice(0, from) + put + source.slice(from + length);
      });
    fc.assert(
      fc.property(broken, (source) => check(source, { a: 1 })),
      { numRuns },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (source) => check(source, {})),
      { numRuns },
    );
  });
});

describe('an expression that grows without costing', () => {
  const grown = (start: string, step: string, end: string): string => start + step.repeat(60) + end;
  const SOURCES: readonly string[] = [
    grown("['a']", '.map(a, a + a)', '.size() == 1'),
    grown('[[1]]', '.map(a, a + a)', '.size() == 1'),
    grown('[[1]]', '.map(a, [a, a])', '.exists(a, a == a)'),
    grown('[[1]]', '.map(a, [a, a])', '.exists(a, a.includes(a))'),
    grown('[[1]]', '.map(a, [a, a])', '.map(a, a.flatten(70)).size() == 1'),
    grown('[[1]]', '.map(a, [a, a])', ".map(a, '%s'.format([a])).size() == 1"),
    grown("['a']", ".map(a, '%s%s%s'.format([a, a, a]))", '.size() == 1'),
    grown("['a']", ".map(a, a.replace('', 'aaaaaaaa'))", '.size() == 1'),
    grown("['a']", '.map(a, [a, a, a].join(a))', '.size() == 1'),
  ];
  for (const source of SOURCES) {
    it(`ends: ${source.slice(0, 60)}...`, () => {
      const result = evaluated(source, {});
      assert.equal(result?.ok === false && result.error, 'operation cancelled: actual cost limit exceeded');
    });
  }
});
