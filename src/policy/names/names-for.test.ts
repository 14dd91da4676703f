import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesFor } from './names-for.ts';

const NAMES = new Set(['kubernetes.io', '*.kubernetes.io', '*.io', '*.a.b.c', 'b.c', 'x.y']);

describe('namesFor()', () => {
  for (const [name, ...expected] of [
    ['kubernetes.io', 'kubernetes.io', '*.io'],
    ['www.kubernetes.io', '*.kubernetes.io', '*.io'],
    ['latest.blog.kubernetes.io', '*.kubernetes.io', '*.io'],
    ['my-kubernetes.io', '*.io'],
    ['wikipedia.org'],
    ['io'],
    ['a.b.c'],
    ['1.a.b.c', '*.a.b.c'],
    ['b.c', 'b.c'],
    [''],
    ['x\\.kubernetes.io'],
  ] as const)
    it(`${name || 'the root'} is ${expected.join(' and ') || 'none'}`, () =>
      assert.deepEqual(namesFor(name, NAMES), expected));
});
