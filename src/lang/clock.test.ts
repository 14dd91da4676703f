import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from './clock.ts';

describe('systemClock', () => {
  it('after() keeps to a delay that is longer than a timer of Node knows: 24.8 days', async () => {
    let runs = 0;
    const timer = systemClock.after(2 ** 31, () => runs++);
    await delay(20);
    timer.cancel();
    assert.equal(runs, 0);
  });

  it('after() goes on with what is left, can be cancelled then too, and runs once', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let runs = 0;
    systemClock.after(2 ** 31, () => runs++);
    const cancelled = systemClock.after(2 ** 31, () => runs++);
    t.mock.timers.tick(2 ** 31 - 1);
    assert.equal(runs, 0);
    cancelled.cancel();
    t.mock.timers.tick(1);
    assert.equal(runs, 1);
  });
});
