import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../test/support/object-builders.ts';
import { service, slice } from '../../test/support/service-objects.ts';
import type { Endpoint } from '../k8s/generated/types.ts';
import type { Effects } from './apply.ts';
import { selectService } from './select.ts';
import { UdpDrain } from './udp-drain.ts';

const KEY = 'services udp . 10.96.0.10 . 53';

/** What became of an endpoint: it is in the slice like this, or not there at all. */
const state = (conditions?: Endpoint['conditions'], port = 53) => ({
  key: 'ns/dns',
  entries: [{ key: KEY }],
  snapshot: selectService(
    storedAs(service('dns', 10, { ports: [{ port, protocol: 'UDP' }] })),
    conditions
      ? [
          storedAs(
            slice('dns', ['10.244.0.5'], {
              ports: [{ port: 5353, protocol: 'UDP' }],
              endpoint: { conditions },
            }),
          ),
        ]
      : [],
  ),
});
const left = (id: number, protocol = 'udp'): Effects['gone'][number] => ({
  entry: {
    map: 'services',
    family: 4,
    match: `${protocol} . 10.96.0.10 . 53`,
    code: 1,
    slots: [],
    allowed: [],
  },
  slot: { id, at: '10.244.0.5 . 5353', isHairpin: false, isSticky: false },
});
const ids = (gone: Effects['gone']): number[] => gone.map(({ slot }) => slot.id);

const SERVES = { ready: false, serving: true, terminating: true };
const FAILS = { ready: false, serving: false, terminating: true };

describe('UdpDrain.settle()', () => {
  it('gives an endpoint up when it serves no more, not before', () => {
    for (const end of [state(FAILS), state(), { ...state(), snapshot: undefined }, state(SERVES, 54)]) {
      const drain = new UdpDrain();
      assert.deepEqual(ids(drain.settle([state(SERVES)], [left(7)])), []);
      assert.deepEqual(ids(drain.settle([state(SERVES)], [])), []);
      assert.deepEqual(ids(drain.settle([end], [])), [7]);
      assert.deepEqual(ids(drain.settle([end], [])), [], 'once');
    }
  });

  it('gives it up at once where it serves no more, or its Service is not among those', () => {
    assert.deepEqual(ids(new UdpDrain().settle([state(FAILS)], [left(7)])), [7]);
    assert.deepEqual(ids(new UdpDrain().settle([], [left(7)])), [7]);
  });

  it('remembers all ids that an endpoint had', () => {
    const drain = new UdpDrain();
    drain.settle([state(SERVES)], [left(7)]);
    drain.settle([state(SERVES)], [left(9)]);
    assert.deepEqual(ids(drain.settle([state()], [])), [7, 9]);
  });

  it('has nothing to do with TCP', () => {
    assert.deepEqual(ids(new UdpDrain().settle([state()], [left(7, 'tcp')])), []);
  });
});
