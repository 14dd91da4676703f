// First packets of connections as bytes, whatever their source. Checksums above IP are left 0: nobody on the way asks.
import { addressToBytes } from '../../src/ip/address.ts';
import type { Address } from '../../src/ip/address.ts';

export type RawPacket = {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'other';
  /** Of the destination. */
  readonly port: number;
  /** Unlike that of other packets: the source's port, an echo's identifier. */
  readonly id: number;
};

const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const;
/** Without ports a connection is its addresses and protocol: so these are of one protocol each, from those without a meaning. */
const OTHERS = { first: 160, count: 90 };

export const encodePacket = (packet: RawPacket): Uint8Array => {
  const { source, destination } = packet;
  const payload = payloadOf(packet);
  const head = source.family === 4 ? ipv4Head(payload.length) : ipv6Head(payload.length);
  head[source.family === 4 ? 9 : 6] = protocolOf(packet);
  const addressesAt = source.family === 4 ? 12 : 8;
  const bytes = addressToBytes(source);
  head.set(bytes, addressesAt);
  head.set(addressToBytes(destination), addressesAt + bytes.length);
  if (source.family === 4) head.writeUInt16BE(checksumOf(head), 10);
  return Buffer.concat([head, payload]);
};

/** The packet without what a router changes of it. */
export const routedText = (packet: Uint8Array): string => {
  const copy = Buffer.from(packet);
  if (copy[0]! >> 4 === 4) copy.fill(0, 8, 9).fill(0, 10, 12);
  else copy[7] = 0;
  return copy.toString('hex');
};

const protocolOf = ({ source, protocol, id }: RawPacket): number => {
  if (protocol === 'ICMP') return source.family === 4 ? 1 : 58;
  return protocol === 'other' ? OTHERS.first + (id % OTHERS.count) : PROTOCOLS[protocol];
};

const ipv4Head = (payloadBytes: number): Buffer => {
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(20 + payloadBytes, 2);
  head[8] = 64; // time to live
  return head;
};

const ipv6Head = (payloadBytes: number): Buffer => {
  const head = Buffer.alloc(40);
  head[0] = 0x60;
  head.writeUInt16BE(payloadBytes, 4);
  head[7] = 64; // hop limit
  return head;
};

const payloadOf = ({ source, protocol, port, id }: RawPacket): Buffer => {
  switch (protocol) {
    case 'TCP': {
      const segment = withPorts(20, id, port);
      segment.writeUInt32BE(id, 4);
      segment[12] = 0x50; // 5 words
      segment[13] = 0x02; // SYN
      segment.writeUInt16BE(65_535, 14);
      return segment;
    }
    case 'UDP': {
      const datagram = withPorts(8, id, port);
      datagram.writeUInt16BE(8, 4);
      return datagram;
    }
    case 'SCTP': {
      const init = withPorts(32, id, port); // RFC 9260 3.3.2
      init[12] = 1; // INIT
      init.writeUInt16BE(20, 14);
      init.writeUInt32BE(id, 16);
      init.writeUInt32BE(65_535, 20);
      init.writeUInt16BE(1, 24);
      init.writeUInt16BE(1, 26);
      return init;
    }
    case 'ICMP': {
      const echo = Buffer.alloc(8);
      echo[0] = source.family === 4 ? 8 : 128;
      echo.writeUInt16BE(id, 4);
      return echo;
    }
    case 'other': {
      const rest = Buffer.alloc(8);
      rest.writeUInt32BE(id);
      return rest;
    }
  }
};

const withPorts = (bytes: number, from: number, to: number): Buffer => {
  const head = Buffer.alloc(bytes);
  head.writeUInt16BE(from);
  head.writeUInt16BE(to, 2);
  return head;
};

/** RFC 1071. */
const checksumOf = (head: Buffer): number => {
  let sum = 0;
  for (let at = 0; at < head.length; at += 2) sum += head.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
};
