import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { decodeFlow, encodeFlow, encodeMarkFilter, flowText } from './conntrack.ts';
import type { FlowTuple } from './conntrack.ts';
import { encodeAttributes, joinPayload } from './netlink.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const address = (text: string): Address => parseAddress(text)!;
const tuple: FlowTuple = {
  protocol: 17,
  source: address('10.0.0.1'),
  destination: address('10.96.0.10'),
  sourcePort: 1000,
  destinationPort: 53,
};

describe('conntrack messages', () => {
  it('name a flow as conntrack(8) does', () => {
    // linux nfnetlink_conntrack.h: CTA_TUPLE_ORIG { CTA_TUPLE_IP { src, dst }, CTA_TUPLE_PROTO { number, sport, dport } }
    assert.equal(
      hex(encodeFlow(tuple)),
      '02010000' +
        '34000180' +
        '14000180' +
        '08000100' +
        '0a000001' +
        '08000200' +
        '0a60000a' +
        '1c000280' +
        '05000100' +
        '11000000' +
        '06000200' +
        '03e80000' +
        '06000300' +
        '00350000',
    );
    assert.equal(flowText(tuple), 'udp 10.0.0.1 1000 -> 10.96.0.10 53');
  });

  it('filter by the whole mark', () => {
    assert.equal(
      hex(encodeMarkFilter(6, 0x1000_0007)),
      '0a010000' + '08000800' + '10000007' + '08001500' + 'ffffffff',
    );
  });

  it('give back the flow that was encoded, of either family', () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    const addresses = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
    fc.assert(
      fc.property(
        addresses,
        port,
        port,
        fc.nat(),
        ([source, destination], sourcePort, destinationPort, mark) => {
          const original = {
            ...tuple,
            source: address(source),
            destination: address(destination),
            sourcePort,
            destinationPort,
          };
          const attributes = encodeFlow(original).subarray(4);
          const replied = attributes.slice();
          replied[2] = 2; // CTA_TUPLE_REPLY
          const bytes = new Uint8Array(4);
          new DataView(bytes.buffer).setUint32(0, mark);
          const payload = joinPayload(
            new Uint8Array(4),
            Buffer.concat([attributes, replied, encodeAttributes([[8, bytes]])]),
          );
          const flow = decodeFlow(payload)!;
          assert.deepEqual(flow, { original, reply: original, mark });
          assert.equal(formatAddress(flow.original.source), formatAddress(original.source));
        },
      ),
    );
  });

  it('read past flows without ports', () => {
    assert.equal(decodeFlow(new Uint8Array(4)), undefined);
  });
});
