import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isElement, pathText } from './field-path.ts';
import {
  EMPTY,
  difference,
  hasPath,
  intersection,
  isEmpty,
  outside,
  pathsOf,
  setOf,
  sorted,
  union,
} from './field-set.ts';
import type { FieldPath, FieldSet } from './field-set.ts';

const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"c"}', 'v:1'), { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 8 });
const set = paths.map((each) => setOf(...each));

/** The set as the plain set of its paths: what the algebra must agree with. */
const plain = (fields: FieldSet): ReadonlySet<string> =>
  new Set(pathsOf(fields).map((each) => each.join(' ')));
const isBelow = (longer: string, root: string): boolean => longer === root || longer.startsWith(`${root} `);

describe('field sets', () => {
  it('are what FieldsV1 says', () => {
    const fields = { 'f:spec': { 'f:replicas': {}, 'f:template': { '.': {}, 'f:metadata': {} } } };
    const texts = pathsOf(fields).map(pathText);
    assert.deepEqual(texts, ['.spec.replicas', '.spec.template', '.spec.template.metadata']);
    assert.deepEqual(sorted(setOf(...pathsOf(fields))), fields);
  });

  it('hold the paths that they are made of', () => {
    fc.assert(
      fc.property(paths, (each) => {
        const fields = setOf(...each);
        assert.deepEqual(plain(fields), new Set(each.map((one) => one.join(' '))));
        assert.ok(each.every((one) => hasPath(fields, one)));
      }),
    );
  });

  it('unite, intersect and differ as sets of paths do', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [left, right] = [plain(a), plain(b)];
        assert.deepEqual(plain(union(a, b)), left.union(right));
        assert.deepEqual(plain(intersection(a, b)), left.intersection(right));
        assert.deepEqual(plain(difference(a, b)), left.difference(right));
        const kept = [...left].filter((one) => ![...right].some((root) => isBelow(one, root)));
        assert.deepEqual(plain(outside(a, b)), new Set(kept));
      }),
    );
  });

  it('come back as they are where nothing changes', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const all = union(a, b);
        assert.equal(union(all, a), all);
        const rest = difference(a, b);
        assert.equal(difference(rest, b), rest);
        assert.ok(isEmpty(difference(a, a)));
        assert.equal(union(a, EMPTY), a);
      }),
    );
  });
});

describe('field paths', () => {
  it('are written as kube-apiserver writes them', () => {
    const long: FieldPath = ['f:a', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:b', 'v:"x"', 'i:3'];
    assert.equal(pathText(long), '.a[containerPort=80,protocol="TCP"].b[="x"][3]');
  });

  it('are made of four kinds of elements', () => {
    assert.deepEqual(
      ['f:a', 'f:', 'k:{"a":1}', 'v:"x"', 'i:0', 'k:1', 'k:{', 'v:', 'i:-1', 'x:a', ''].map(isElement),
      [true, true, true, true, true, false, false, false, false, false, false],
    );
  });
});
