import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { SandboxPod } from './locals.ts';
import { createPodGate } from './pod-gate.ts';

const pod: SandboxPod = { namespace: 'shop', name: 'web', uid: '1' };

const setup = () => {
  const clock = createFakeClock();
  const state = { isSettled: false, isKnown: false };
  const late: SandboxPod[] = [];
  const gate = createPodGate({
    sync: {
      close: () => {},
      get isSettled() {
        return state.isSettled;
      },
    },
    locals: { isKnown: () => state.isKnown, release: () => {} },
    onChange: () => {},
    onTimeout: (each) => void late.push(each),
    clock,
  });
  let isOpen = false;
  const opened = gate.whenOpen(pod).then(() => (isOpen = true));
  return { clock, state, late, gate, opened, isOpen: () => isOpen };
};

describe('createPodGate()', () => {
  it('opens when the very pod is known and everything is in the kernel', async () => {
    const { state, gate, opened, late, isOpen } = setup();
    gate.look();
    state.isKnown = true;
    gate.look();
    await Promise.resolve();
    assert.ok(!isOpen());
    state.isSettled = true;
    gate.look();
    await opened;
    assert.deepEqual(late, []);
    await gate.whenOpen(pod); // at once
  });

  it('opens after a while in any case, and tells', async () => {
    const { clock, gate, opened, late } = setup();
    await clock.advance(4999);
    gate.look();
    assert.deepEqual(late, []);
    await clock.advance(1);
    await opened;
    assert.deepEqual(late, [pod]);
  });
});
