import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { silentLog } from '../lang/log.ts';
import { startKeyedLoop } from './keyed-loop.ts';
import type { KeyedLoopOptions } from './keyed-loop.ts';

const start = (options: Pick<KeyedLoopOptions, 'reconcile'> & Partial<KeyedLoopOptions>) => {
  const clock = createFakeClock();
  return { clock, loop: startKeyedLoop({ name: 'test', concurrency: 2, clock, log: silentLog, ...options }) };
};

describe('startKeyedLoop()', () => {
  it('works on several keys at once, never more than `concurrency`, never the same key twice', async () => {
    const running = new Set<string>();
    let most = 0;
    const counts = new Map<string, number>();
    const { loop } = start({
      reconcile: async (key) => {
        assert.ok(!running.has(key));
        running.add(key);
        most = Math.max(most, running.size);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (counts.get(key) === 1) loop.mark(key);
        await settle();
        running.delete(key);
      },
    });
    for (const key of ['a', 'b', 'c', 'd']) loop.mark(key);
    await loop.whenIdle();
    assert.equal(most, 2);
    assert.deepEqual([...counts.values()], [2, 2, 2, 2]);
  });

  it('does not let one slow key hold up the others', async () => {
    const done: string[] = [];
    let finish: () => void = () => {};
    const { loop } = start({
      reconcile: async (key) => {
        if (key === 'slow') await new Promise<void>((resolve) => (finish = resolve));
        done.push(key);
      },
    });
    for (const key of ['slow', 'a', 'b', 'c']) loop.mark(key);
    await settle();
    assert.deepEqual(done, ['a', 'b', 'c']);
    finish();
    await loop.whenIdle();
  });

  it('retries a key that threw, and comes back after afterMs', async () => {
    const at: number[] = [];
    const { loop, clock } = start({
      retryMs: 10,
      reconcile: () => {
        at.push(clock.now());
        if (at.length < 3) return Promise.reject(new Error('no'));
        return Promise.resolve(at.length === 3 ? { afterMs: 500 } : undefined);
      },
    });
    const startMs = clock.now();
    loop.mark('a');
    await clock.advance(1000);
    assert.deepEqual(
      at.map((ms) => ms - startMs),
      [0, 10, 30, 530],
    );
  });

  it('comes back after an hour where it is asked for a later time: a timer cannot wait a month', async () => {
    const at: number[] = [];
    const { loop, clock } = start({
      retryMs: 10,
      reconcile: () => {
        at.push(clock.now());
        return Promise.resolve({ afterMs: 2 ** 40 });
      },
    });
    const startMs = clock.now();
    loop.mark('a');
    await clock.advance(7_200_000);
    assert.deepEqual(
      at.map((ms) => ms - startMs),
      [0, 3_600_000, 7_200_000],
    );
  });
});
