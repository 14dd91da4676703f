import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../../test/support/object-builders.ts';
import type { ObjectMeta, ServiceCIDR } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { ipAddressOf } from '../../k8s/service-addresses.ts';
import { IN_USE, READY, conditionsWith, isNeeded } from './compile.ts';

const range = (name: string, cidrs: readonly string[], meta: ObjectMeta = {}): Stored<ServiceCIDR> =>
  storedAs({ metadata: { name, ...meta }, spec: { cidrs } });

const web = { metadata: { namespace: 'default', name: 'web' } };
const address = (ip: string) => storedAs(ipAddressOf(ip, web));
const gone = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('isNeeded()', () => {
  const dual = range('dual', ['10.0.0.0/24', 'fd00::/112']);

  it('while an address of either family has no other range', () => {
    assert.equal(isNeeded(dual, [dual], []), false);
    assert.equal(isNeeded(dual, [dual], [address('10.1.0.1')]), false);
    assert.equal(isNeeded(dual, [dual], [address('10.0.0.1')]), true);
    assert.equal(isNeeded(dual, [dual], [address('fd00::7')]), true);
  });

  it('not when another range that stays contains the address, larger, equal or smaller', () => {
    for (const cidr of ['10.0.0.0/16', '10.0.0.0/24', '10.0.0.0/30']) {
      const other = range('other', [cidr]);
      assert.equal(isNeeded(dual, [dual, other], [address('10.0.0.1')]), false, cidr);
      const going = range('other', [cidr], gone);
      assert.equal(isNeeded(dual, [dual, going], [address('10.0.0.1')]), true, cidr);
    }
    const part = range('part', ['10.0.0.0/30']);
    assert.equal(isNeeded(dual, [dual, part], [address('10.0.0.1'), address('10.0.0.9')]), true);
  });

  it("not by addresses that are not the allocator's", () => {
    const own = storedAs({ metadata: { name: '10.0.0.1' }, spec: address('10.0.0.1').spec });
    assert.equal(isNeeded(dual, [dual], [own]), false);
  });
});

describe('conditionsWith()', () => {
  it('says Ready once, and Terminating when it turns', () => {
    const fresh = range('a', ['10.0.0.0/24']);
    const ready = conditionsWith(fresh, READY, Date.parse('2026-01-01T00:00:00Z'))!;
    const settled = { ...fresh, status: { conditions: ready } };
    assert.equal(conditionsWith(settled, READY, 1), undefined);
    assert.deepEqual(
      conditionsWith(settled, IN_USE, Date.parse('2026-01-01T00:01:00Z'))?.map(
        ({ type, status, reason, lastTransitionTime }) =>
          [type, status, reason, lastTransitionTime].join(' '),
      ),
      ['Ready False Terminating 2026-01-01T00:01:00Z'],
    );
  });
});
