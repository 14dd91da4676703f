import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { silentLog } from '../lang/log.ts';
import { startLoop } from './loop.ts';
import type { LoopOptions } from './loop.ts';

const start = (options: Partial<LoopOptions> = {}) => {
  const clock = createFakeClock();
  const applied: string[] = [];
  const loop = startLoop({
    name: 'test',
    apply: (dirty) => {
      applied.push([...dirty].join(','));
      return Promise.resolve(new Set<string>());
    },
    clock,
    log: silentLog,
    ...options,
  });
  return { clock, applied, loop };
};

describe('startLoop()', () => {
  it('applies keys that are marked in one go together, each once', async () => {
    const { loop, applied } = start();
    for (const key of ['a', 'b', 'a']) loop.mark(key);
    await loop.whenIdle();
    assert.deepEqual(applied, ['a,b']);
  });

  it('runs one apply at a time and collects what is marked meanwhile', async () => {
    let running = 0;
    const applied: string[] = [];
    const { loop } = start({
      apply: async (dirty) => {
        assert.equal(++running, 1);
        applied.push([...dirty].join(','));
        if (applied.length === 1) for (const key of ['a', 'c']) loop.mark(key);
        await settle();
        running--;
        return new Set();
      },
    });
    loop.mark('a');
    await loop.whenIdle();
    assert.deepEqual(applied, ['a', 'a,c']);
  });

  it('brings only failed keys again, with a doubling back-off each, up to retryMsMax', async () => {
    const at: number[] = [];
    const { loop, clock } = start({
      retryMs: 10,
      retryMsMax: 30,
      apply: (dirty) => {
        at.push(clock.now());
        return Promise.resolve(new Set(at.length < 5 && dirty.has('bad') ? ['bad'] : []));
      },
    });
    const startMs = clock.now();
    for (const key of ['good', 'bad']) loop.mark(key);
    await clock.advance(1000);
    assert.deepEqual(
      at.map((ms) => ms - startMs),
      [0, 10, 30, 60, 90],
    );
  });

  it('counts a throw as failure of all keys', async () => {
    let calls = 0;
    const { loop, clock } = start({
      apply: () => {
        if (++calls === 1) throw new Error('no');
        return Promise.resolve(new Set());
      },
    });
    loop.mark('a');
    await clock.advance(100);
    await loop.whenIdle();
    assert.equal(calls, 2);
  });

  it('markAfter() waits, and an earlier mark wins', async () => {
    const { loop, applied, clock } = start();
    loop.markAfter('a', 50);
    loop.markAfter('a', 80);
    loop.markAfter('b', 50);
    loop.markAfter('b', 20);
    await clock.advance(20);
    assert.deepEqual(applied, ['b']);
    loop.markAfter('c', 500);
    loop.mark('c');
    await clock.advance(1000);
    assert.deepEqual(applied, ['b', 'c', 'a']);
  });

  it('whenIdle() waits for retries but not for delayed marks', async () => {
    let fail = true;
    const { loop, clock } = start({
      apply: (dirty) => {
        const failed = fail ? dirty : new Set<string>();
        fail = false;
        return Promise.resolve(failed);
      },
    });
    loop.markAfter('later', 10_000);
    loop.mark('a');
    await settle();
    let idle = false;
    const waiting = loop.whenIdle().then(() => (idle = true));
    await settle();
    assert.equal(idle, false);
    await clock.advance(100);
    await waiting;
  });

  it('stop() waits for the running apply, then nothing runs any more', async () => {
    let finish: () => void = () => {};
    let calls = 0;
    const { loop, clock } = start({
      apply: async (dirty) => {
        calls++;
        await new Promise<void>((resolve) => (finish = resolve));
        return dirty;
      },
    });
    loop.mark('a');
    await settle();
    loop.mark('b');
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    await settle();
    assert.equal(stopped, false);
    finish();
    await stopping;
    loop.mark('c');
    await clock.advance(60_000);
    assert.equal(calls, 1);
    assert.equal(clock.pending(), 0);
  });
});
