// Whatever an expression says and whatever the data are, there is a program or a complaint, a value or an error, in bounded
// time and memory. FUZZ_RUNS: how many of each.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { anyExpression, brokenExpression } from '../../test/support/any-expression.ts';
import { CALL_COST_LIMIT, compile } from './compile.ts';
import type { Evaluation } from './compile.ts';
import { environment } from './environment.ts';
import { withPatches } from './mutation.ts';
import { untypedValue } from './schema/json-value.ts';
import { DYN } from './types/type.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 500);

const ENVIRONMENT = withPatches(environment({ self: DYN, x: DYN }));

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
      fc.property(anyExpression, data, data, (source, a, b) => check(source, { a, b })),
      { numRuns },
    );
  });

  it('need not be one', () => {
    fc.assert(
      fc.property(brokenExpression, (source) => check(source, { a: 1 })),
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
