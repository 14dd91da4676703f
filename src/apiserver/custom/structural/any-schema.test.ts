// Whatever a definition's schema says and whatever comes as an object, it is read and validated without an exception; by a
// schema that a definition may have, what was read once is read the same again. FUZZ_RUNS: how many of each.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { anyObject, anySchema, structuralSchema } from '../../../../test/support/any-schema.ts';
import { compileRules } from '../../../cel/rules/rules.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { cloneJson } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { schemaErrors } from '../definition/schema-errors.ts';
import { validateCustom } from '../validation.ts';
import { applyDefaults, dropNulls } from './defaults.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';
import { validateValue } from './validate.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 300);

const read = (given: JsonObject, schema: Schema): JsonObject => {
  const copy = cloneJson(given);
  prune(copy, schema);
  dropNulls(copy, schema);
  applyDefaults(copy, schema);
  return copy;
};

const errorsOf = (schema: Schema) =>
  schemaErrors({ value: schema, path: 's', version: { name: 'v1', served: true, storage: true } });

describe('any schema', () => {
  it('is judged, whatever it says', () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        for (const { field, message } of errorsOf(schema)) assert.ok(field.startsWith('s') && message !== '');
      }),
      { numRuns },
    );
  });

  it('reads and validates any object, beside any other', () => {
    fc.assert(
      fc.property(anySchema, anyObject, anyObject, (schema, given, before) => {
        const validation = { schema, rules: compileRules(schema), scale: undefined };
        const [object, old] = [given, before].map((each) => read(each, schema) as KubeObject);
        for (const error of validateCustom(validation, object!, old))
          assert.equal(typeof error.message, 'string');
      }),
      { numRuns },
    );
  });
});

describe('a schema that a definition may have', () => {
  const each = (check: (schema: Schema, given: JsonObject) => void): void =>
    fc.assert(
      fc.property(structuralSchema, anyObject, (schema, given) => {
        fc.pre(errorsOf(schema).length === 0);
        check(schema, given);
      }),
      { numRuns },
    );

  it('prunes all at once', () =>
    each((schema, given) => {
      const pruned = cloneJson(given);
      prune(pruned, schema);
      assert.deepEqual(prune(pruned, schema), []);
    }));

  it('reads what was read once the same again', () =>
    each((schema, given) => {
      const once = read(given, schema);
      assert.deepEqual(read(once, schema), once);
    }));

  it('validates without changing anything, and never complains of what does not change', () =>
    each((schema, given) => {
      const object = read(given, schema);
      const copy = cloneJson(object);
      const errors = validateValue(schema, object);
      assert.deepEqual(object, copy);
      assert.deepEqual(validateValue(schema, object), errors);
      assert.deepEqual(validateValue(schema, object, { before: { value: copy } }), []);
    }));
});
