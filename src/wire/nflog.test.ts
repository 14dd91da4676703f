import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressToBytes, formatAddress, parseAddress } from '../ip/address.ts';
import { decodeIpPacket } from './ip-packet.ts';
import { big32, encodeAttributes, joinPayload, text } from './netlink.ts';
import { decodeLoggedPacket, encodeLogBinding, encodeLogMode } from './nflog.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (address: string): Uint8Array => addressToBytes(parseAddress(address)!);
const group = { group: 112, copyBytes: 64, batch: { packets: 128, bytes: 32_768, centiseconds: 5 } };

/** RFC 791 3.1; the ports follow. */
const ipv4 = (protocol: number, fragment = 0): Uint8Array =>
  Buffer.concat([
    Buffer.from([0x45, 0, 0, 24, 0, 0, fragment >> 8, fragment & 0xff, 64, protocol, 0, 0]),
    bytesOf('10.244.0.5'),
    bytesOf('10.244.1.7'),
    Buffer.from([0x9c, 0x40, 0x1f, 0x90]),
  ]);

/** RFC 8200 3, with the extension headers before the ports. */
const ipv6 = (next: number, ...extensions: readonly number[]): Uint8Array =>
  Buffer.concat([
    Buffer.from([0x60, 0, 0, 0, 0, 4, next, 64]),
    bytesOf('fd00:244::5'),
    bytesOf('fd00:244::7'),
    Buffer.from(extensions),
    Buffer.from([0x9c, 0x40, 0x1f, 0x90]),
  ]);

const said = (bytes: Uint8Array): string => {
  const packet = decodeIpPacket(bytes);
  if (!packet) return 'no packet';
  const { source, sourcePort, destination, destinationPort, protocol } = packet;
  return `${protocol} ${formatAddress(source)} ${sourcePort} > ${formatAddress(destination)} ${destinationPort}`;
};

describe('decodeIpPacket()', () => {
  it('reads addresses, protocol and ports of IPv4', () => {
    assert.equal(said(ipv4(6)), '6 10.244.0.5 40000 > 10.244.1.7 8080');
    assert.equal(said(ipv4(17)), '17 10.244.0.5 40000 > 10.244.1.7 8080');
  });

  it('gives no ports to protocols without them, to later fragments and to headers cut short', () => {
    assert.equal(said(ipv4(1)), '1 10.244.0.5 0 > 10.244.1.7 0');
    assert.equal(said(ipv4(17, 0x2000)), '17 10.244.0.5 40000 > 10.244.1.7 8080'); // the first of several
    assert.equal(said(ipv4(17, 0x00b9)), '17 10.244.0.5 0 > 10.244.1.7 0');
    assert.equal(said(ipv4(6).subarray(0, 22)), '6 10.244.0.5 0 > 10.244.1.7 0');
  });

  it('reads past the extension headers of IPv6', () => {
    const ports = 'fd00:244::5 40000 > fd00:244::7 8080';
    assert.equal(said(ipv6(6)), `6 ${ports}`);
    assert.equal(said(ipv6(0, 6, 0, 0, 0, 0, 0, 0, 0)), `6 ${ports}`); // hop-by-hop
    assert.equal(said(ipv6(60, 44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 7)), `17 ${ports}`); // options, first fragment
    assert.equal(said(ipv6(44, 17, 0, 0, 9, 0, 0, 0, 7)), '17 fd00:244::5 0 > fd00:244::7 0');
    assert.equal(said(ipv6(58)), '58 fd00:244::5 0 > fd00:244::7 0');
  });

  it('fails at no input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(0x45, 0x4f, 0x60), (bytes, first) => {
        if (bytes.length > 0) bytes[0] = first;
        decodeIpPacket(bytes);
      }),
    );
  });
});

describe('nflog messages', () => {
  it('bind a group and say how its packets are to come', () => {
    // linux nfnetlink_log.h: NFULA_CFG_CMD { BIND }; NFULA_CFG_MODE { copy_range, COPY_PACKET }, NLBUFSIZ, TIMEOUT, QTHRESH, FLAGS
    assert.equal(hex(encodeLogBinding(group)), '00000070' + '0500010001000000');
    assert.equal(
      hex(encodeLogMode(group)),
      '00000070' +
        '0a000200' +
        '0000004002000000' +
        '08000300' +
        '00008000' +
        '08000400' +
        '00000005' +
        '08000500' +
        '00000080' +
        '06000600' +
        '00010000',
    );
  });

  it('carry a packet, its mark, interfaces and prefix, and its place among the others', () => {
    const message = joinPayload(
      Uint8Array.of(2, 0, 0, 112),
      encodeAttributes([
        [2, big32(0x7000_0001)],
        [4, big32(7)],
        [5, big32(8)],
        [10, text('egress')],
        [9, ipv4(6)],
        [12, big32(0xffff_ffff)],
      ]),
    );
    const packet = decodeLoggedPacket(message)!;
    assert.equal(formatAddress(packet.destination), '10.244.1.7');
    assert.deepEqual(
      [packet.mark, packet.inputInterface, packet.outputInterface, packet.prefix, packet.sequence],
      [0x7000_0001, 7, 8, 'egress', 0xffff_ffff],
    );
    assert.equal(decodeLoggedPacket(new Uint8Array(4)), undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeLoggedPacket(bytes)));
  });
});
