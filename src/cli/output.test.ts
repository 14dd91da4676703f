import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError, formatMs, requireRoot } from './output.ts';

describe('requireRoot()', () => {
  it('says why root is needed, and lets root pass', (t) => {
    const uid = t.mock.method(process as { getuid: () => number }, 'getuid', () => 1000);
    assert.throws(() => requireRoot('up'), {
      name: UserError.name,
      message:
        "'up' needs root: podnet makes network namespaces, mounts and nftables rules. Run it with sudo",
    });
    uid.mock.mockImplementation(() => 0);
    requireRoot('up');
  });
});

describe('formatMs()', () => {
  it('changes to seconds at a thousand', () => {
    assert.deepEqual([0.4, 999, 1000, 12_345].map(formatMs), ['0 ms', '999 ms', '1.00 s', '12.35 s']);
  });
});
