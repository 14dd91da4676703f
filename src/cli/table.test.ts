import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderAge, renderTable } from './table.ts';

describe('renderTable()', () => {
  it('aligns columns, pads with three spaces and names empty cells', () => {
    assert.equal(
      renderTable(
        ['NAME', 'STATUS'],
        [
          ['node-1', 'Ready'],
          ['a', ''],
        ],
      ),
      'NAME     STATUS\nnode-1   Ready\na        <none>\n',
    );
  });
});

describe('renderAge()', () => {
  it('uses the unit that kubectl uses', () => {
    const age = (seconds: number): string => renderAge(0, seconds * 1000);
    assert.deepEqual([5, 119, 120, 7199, 7200, 172_799, 172_800].map(age), [
      '5s',
      '119s',
      '2m',
      '119m',
      '2h',
      '47h',
      '2d',
    ]);
  });
});
