import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { masqueradeRules } from './masquerade.ts';

const rules = (podCidrs: readonly string[], underlayCidrs: readonly string[]): readonly string[] =>
  masqueradeRules({ podCidrs, underlayCidrs })
    .split('\n')
    .filter((line) => line.endsWith(' masquerade'))
    .map((line) => line.trim());

describe('masqueradeRules()', () => {
  it('masquerades what pods send to neither pods nor nodes, family by family', () => {
    assert.deepEqual(rules(['10.244.0.0/16', 'fd00:10:244::/48'], ['172.30.0.0/24', 'fd00:172:30::/64']), [
      'ip saddr { 10.244.0.0/16 } ip daddr != { 10.244.0.0/16, 172.30.0.0/24, 224.0.0.0/4 } masquerade',
      'ip6 saddr { fd00:10:244::/48 } ip6 daddr != { fd00:10:244::/48, fd00:172:30::/64, ff00::/8 } masquerade',
    ]);
  });

  it('has no rule for a family without pods', () => {
    assert.deepEqual(rules(['10.244.0.0/16'], ['172.30.0.0/24', 'fd00::/64']).length, 1);
  });
});
