import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';

const THREAD = `
const { parentPort } = require('node:worker_threads');
parentPort.once('message', async (path) => {
  const { logUncaughtErrors } = await import(path);
  logUncaughtErrors({ error: ({ err }, text) => parentPort.postMessage(text + ': ' + err.message) });
  setTimeout(() => { throw new Error('one'); });
  setTimeout(() => void Promise.reject(new Error('two')), 1);
});`;

describe('logUncaughtErrors()', () => {
  it('logs them, and the thread goes on', async () => {
    const thread = new Worker(THREAD, { eval: true });
    const heard: unknown[] = [];
    thread.on('message', (text) => heard.push(text));
    thread.postMessage(import.meta.resolve('./uncaught-errors.ts'));
    while (heard.length < 2) await once(thread, 'message'); // rejects if the thread fails
    assert.deepEqual(heard, ['uncaught exception: one', 'unhandled rejection: two']);
    await thread.terminate();
  });
});
