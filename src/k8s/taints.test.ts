import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Toleration } from './generated/types.ts';
import { isTolerated, tolerates } from './taints.ts';

const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };

describe('tolerates()', () => {
  it('matches key, value and effect, where empty means any', () => {
    const cases: [Toleration, boolean][] = [
      [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
      [{ key: 'k', value: 'v' }, true],
      [{ key: 'k', value: 'w' }, false],
      [{ key: 'k' }, false],
      [{ key: 'k', operator: 'Exists' }, true],
      [{ operator: 'Exists' }, true],
      [{ operator: 'Exists', effect: 'NoExecute' }, false],
      [{ key: 'other', operator: 'Exists' }, false],
      [{}, false],
    ];
    for (const [toleration, wanted] of cases)
      assert.equal(tolerates(toleration, taint), wanted, JSON.stringify(toleration));
  });

  it('takes an absent value for an empty one', () => {
    assert.equal(tolerates({ key: 'k', operator: 'Equal' }, { key: 'k', effect: 'NoSchedule' }), true);
    assert.equal(isTolerated(taint, undefined), false);
  });
});
