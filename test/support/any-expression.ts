// Expressions of CEL, of all its parts, of which some have a value.
import fc from 'fast-check';
import { LIBRARY, TYPE_NAMES } from '../../src/cel/functions/library.ts';

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

/** One that can be read; what it says may be wrong. */
export const anyExpression: fc.Arbitrary<string> = expression;

/** One that was cut, or into which something was put. */
export const brokenExpression: fc.Arbitrary<string> = fc
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

const CALLS = [...LIBRARY.values()].flat().filter(({ name }) => /^[a-z]\w*$/i.test(name));
const LITERALS = ATOMS.filter((atom) => /^[-\d'[{]|^[br]'|^(true|false|null|self)$/.test(atom));

/** One whose parts are of any type: it is called for what it has, and most of these have no value. */
export const sensibleExpression: fc.Arbitrary<string> = fc.letrec<{ part: string }>((tie) => {
  const [a, b] = [tie('part'), tie('part')];
  const call = fc
    .constantFrom(...CALLS)
    .chain(({ name, member, parameters }) =>
      fc
        .tuple(...parameters.map(() => tie('part')))
        .map((args) =>
          member ? `${args[0]}.${name}(${args.slice(1).join(', ')})` : `${name}(${args.join(', ')})`,
        ),
    );
  const any = fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: fc.constantFrom(...LITERALS) },
    { weight: 3, arbitrary: call },
    fc.tuple(a, fc.constantFrom(...OPERATORS), b).map(([left, sign, right]) => `${left} ${sign} ${right}`),
    fc
      .tuple(a, fc.constantFrom('all', 'exists', 'map', 'filter'), b)
      .map(([on, name, body]) => `${on}.${name}(x, ${body})`),
    fc.tuple(a, b).map(([first, second]) => `[${first}, ${second}]`),
    fc.tuple(a, b).map(([key, value]) => `{${key}: ${value}}`),
    fc.tuple(a, b).map(([on, index]) => `${on}[${index}]`),
  );
  return { part: any.map((expression) => `dyn(${expression})`) };
}).part;
