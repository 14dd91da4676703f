import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../test/support/fake-clock.ts';
import { createSlots } from './slots.ts';

describe('createSlots()', () => {
  it('runs so many at once, the others in their order, and after close() only what has begun', async () => {
    const slots = createSlots(2);
    const finish = new Map<string, () => void>();
    const ended: string[] = [];
    const start = (name: string): Promise<unknown> =>
      slots
        .run(() => new Promise<void>((resolve) => void finish.set(name, resolve)))
        .then(
          () => ended.push(name),
          (error: Error) => ended.push(`${name}: ${error.message}`),
        );
    for (const name of ['a', 'b', 'c', 'd']) void start(name);
    await settle();
    assert.deepEqual([...finish.keys()], ['a', 'b']);
    finish.get('b')!();
    await settle();
    assert.deepEqual([...finish.keys()], ['a', 'b', 'c']);
    let isClosed = false;
    const closed = slots.close().then(() => (isClosed = true));
    finish.get('a')!();
    await settle();
    assert.deepEqual([ended, isClosed], [['b', 'a', 'd: the kubelet stops'], false]);
    finish.get('c')!();
    await closed;
    await start('e');
    assert.equal(ended.at(-1), 'e: the kubelet stops');
  });
});
