import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { createHeld } from './held.ts';
import { createHeldHistory } from './held-history.ts';

const policy = (name: string, generation: number, uid = name): Stored<KubeObject> => ({
  metadata: { name, uid, generation, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
});

describe('createHeld()', () => {
  it('depends on which policies there are in which generation, and on nothing else', () => {
    const [a, b] = [createHeld(), createHeld()];
    const empty = a.text();
    a.set('p', policy('p', 1));
    a.set('q', policy('q', 1));
    a.set('q', policy('q', 2));
    b.set('q', policy('q', 2));
    assert.notEqual(a.text(), b.text());
    b.set('p', policy('p', 1));
    assert.equal(a.text(), b.text());
    b.set('p', policy('p', 1, 'another with the same name'));
    assert.notEqual(a.text(), b.text());
    for (const key of ['p', 'q', 'never there']) a.set(key, undefined);
    assert.equal(a.text(), empty);
  });
});

describe('createHeldHistory()', () => {
  it('knows what somebody has that reports an earlier state', () => {
    const history = createHeldHistory();
    const agent = createHeld();
    history.set('p', policy('p', 1));
    assert.equal(history.has(agent.text(), 'p'), false);
    agent.set('p', policy('p', 1));
    assert.equal(history.has(agent.text(), 'p'), true);
    history.set('q', policy('q', 1));
    assert.deepEqual([history.has(agent.text(), 'p'), history.has(agent.text(), 'q')], [true, false]);
    history.set('p', policy('p', 2));
    assert.equal(history.has(agent.text(), 'p'), false);
    assert.equal(history.has(undefined, 'p'), false);
    assert.equal(history.has('a text from nowhere', 'p'), false);
    assert.equal(history.has(agent.text(), 'not there'), false);
  });

  it('gives an agent that is behind exactly the policies that have not changed since', () => {
    const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), there: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(20), (changes, behind) => {
        const history = createHeldHistory();
        const agent = createHeld();
        const sees = Math.max(0, changes.length - behind);
        const [agents, now] = [new Map<string, number>(), new Map<string, number>()];
        changes.forEach(({ key, there }, index) => {
          const object = there ? policy(key, index + 1) : undefined;
          history.set(key, object);
          if (object) now.set(key, index + 1);
          else now.delete(key);
          if (index >= sees) return;
          agent.set(key, object);
          if (object) agents.set(key, index + 1);
          else agents.delete(key);
        });
        for (const key of ['a', 'b', 'c'])
          assert.equal(
            history.has(agent.text(), key),
            now.has(key) && now.get(key) === agents.get(key),
            `${key} after ${sees} of ${JSON.stringify(changes)}`,
          );
      }),
    );
  });
});
