import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  NLMSG,
  decodeAck,
  decodeAttributes,
  decodeMessages,
  encodeAttributes,
  encodeMessages,
  joinPayload,
  readText,
  readU32,
  text,
  u32,
} from './netlink.ts';
import type { Attribute } from './netlink.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const message = fc.record(
  { type: fc.nat(0xffff), flags: fc.nat(0xffff), sequence: fc.nat(0xffff_ffff), payload: bytes(50) },
  { noNullPrototype: true },
);

describe('netlink messages', () => {
  it('decodeMessages() reads what encodeMessages() wrote', () => {
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        assert.deepEqual(decodeMessages(encodeMessages(messages)), messages);
      }),
    );
  });

  it('decodeMessages() never fails, whatever comes, and stops at a message cut short', () => {
    fc.assert(fc.property(bytes(200), (noise) => void decodeMessages(noise)));
    const two = encodeMessages([1, 2].map((type) => ({ type, flags: 0, sequence: 0, payload: u32(7) })));
    assert.deepEqual(
      decodeMessages(two.subarray(0, two.length - 1)).map(({ type }) => type),
      [1],
    );
  });

  it("decodeAck() reads the kernel's error and its words", () => {
    // RTM_NEWROUTE via a gateway that is on no link (Linux 6.18, little-endian, NETLINK_CAP_ACK and NETLINK_EXT_ACK)
    const words = 'Nexthop has invalid gateway';
    const header = Buffer.from('9bffffff40000000180005050100000000000000', 'hex');
    const payload = joinPayload(header, encodeAttributes([[1, text(words)]]));
    assert.deepEqual(decodeAck({ type: NLMSG.error, flags: 0x300, sequence: 0, payload }), {
      errno: 101,
      detail: words,
    });
    const success = { type: NLMSG.error, flags: 0x100, sequence: 0, payload: new Uint8Array(20) };
    assert.deepEqual(decodeAck(success), { errno: 0, detail: undefined });
  });
});

describe('netlink attributes', () => {
  it('decodeAttributes() reads what encodeAttributes() wrote', () => {
    const attributes = fc.uniqueArray(fc.tuple(fc.nat(0x3fff), bytes(20)), { selector: ([type]) => type });
    fc.assert(
      fc.property(attributes, (list: readonly Attribute[]) => {
        assert.deepEqual([...decodeAttributes(encodeAttributes(list))], list);
      }),
    );
  });

  it('decodeAttributes() never fails, whatever comes', () => {
    fc.assert(fc.property(bytes(200), (noise) => void decodeAttributes(noise)));
  });

  it('values are numbers in host order and strings that end with NUL', () => {
    const attributes = decodeAttributes(encodeAttributes([[3, text('veth0')], undefined, [4, u32(1400)]]));
    assert.equal(readText(attributes.get(3)), 'veth0');
    assert.equal(attributes.get(3)!.length, 6);
    assert.equal(readU32(attributes.get(4)), 1400);
    assert.equal(readU32(attributes.get(5)), undefined);
  });
});
