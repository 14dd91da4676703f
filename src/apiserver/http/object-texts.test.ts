import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { createObjectTexts } from './object-texts.ts';

const object = (name: string, data: object = {}): Stored<KubeObject> =>
  ({
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '' },
    ...data,
  }) as Stored<KubeObject>;

const start = () => {
  const clock = createFakeClock();
  const texts = createObjectTexts(clock);
  const shown: string[] = [];
  return {
    clock,
    shown,
    textOf: (of: Stored<KubeObject>) =>
      texts.of('object', of, () => {
        shown.push(of.metadata.name);
        return of;
      }),
    metadataOf: (of: Stored<KubeObject>) => texts.of('metadata', of, () => of.metadata),
  };
};

describe('createObjectTexts()', () => {
  it('serialises each part of an object once, for as long as it is asked for', async () => {
    const { clock, shown, textOf, metadataOf } = start();
    const [a, b] = [object('ä'), object('b')];
    assert.deepEqual(JSON.parse(String(textOf(a))), a);
    assert.deepEqual(JSON.parse(String(metadataOf(a))), a.metadata);
    textOf(b);
    for (let seconds = 0; seconds < 100; seconds += 10) {
      assert.equal(textOf(a), textOf(a));
      await clock.advance(10_000);
    }
    assert.deepEqual(shown, ['ä', 'b']);
    textOf(b);
    assert.deepEqual(shown, ['ä', 'b', 'b'], 'nobody had asked for it');
  });

  it('has nothing left to do when nobody asks any more', async () => {
    const { clock, shown, textOf } = start();
    const a = object('a');
    textOf(a);
    await clock.advance(60_000);
    assert.equal(clock.pending(), 0);
    textOf(a);
    assert.deepEqual(shown, ['a', 'a']);
    assert.equal(clock.pending(), 1);
  });

  it('keeps 64 MiB of text, and serialises what is more each time', () => {
    const { shown, textOf } = start();
    const large = Array.from({ length: 5 }, (_, index) => object(`${index}`, { text: 'x'.repeat(15 << 20) }));
    for (const each of large) textOf(each);
    shown.length = 0;
    for (const each of large) textOf(each);
    assert.deepEqual(shown, ['4']);
    textOf(object('small'));
    assert.deepEqual(shown, ['4', 'small']);
  });
});
