import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { silentLog } from '../lang/log.ts';
import { fedBy, startWhenSynced } from './fed-loop.ts';
import { startKeyedLoop } from './keyed-loop.ts';
import type { Loop } from './loop.ts';

const loopInto = (seen: string[]): Loop =>
  startKeyedLoop({
    name: 'test',
    concurrency: 1,
    reconcile: (key) => Promise.resolve(void seen.push(key)),
    clock: createFakeClock(),
    log: silentLog,
  });

it('fedBy() ends the subscriptions when the loop is stopped', async () => {
  const ended: string[] = [];
  const loop = fedBy(loopInto([]), [() => ended.push('a'), () => ended.push('b')]);
  assert.deepEqual(ended, []);
  await loop.stop();
  assert.deepEqual(ended, ['a', 'b']);
});

it('startWhenSynced() starts nothing before, and nothing when it was stopped before', async () => {
  const started: string[] = [];
  const start = (name: string): (() => readonly Loop[]) => {
    return () => {
      started.push(name);
      return [loopInto([])];
    };
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const kept = startWhenSynced(promise, start('kept'));
  await startWhenSynced(promise, start('stopped')).stop();
  assert.deepEqual(started, []);
  resolve();
  await promise;
  assert.deepEqual(started, ['kept']);
  await kept.stop();
});
