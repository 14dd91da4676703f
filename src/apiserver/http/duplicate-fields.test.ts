import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { duplicateFields } from './duplicate-fields.ts';

describe('duplicateFields()', () => {
  it('names each field that stands twice by its path', () => {
    const json = `{"a":1,"a":2,"spec":{"c":[{"n":1},{"n":"{\\"n\\":1,","n":2}],"x":{"a":1}},"\\u0061":3}`;
    assert.deepEqual(duplicateFields(json), ['duplicate field "a"', 'duplicate field "spec.c[1].n"']);
  });

  it('finds nothing in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(duplicateFields(JSON.stringify(value)), []);
      }),
    );
  });
});
