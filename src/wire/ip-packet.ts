// The first bytes of an IP packet: who sends what to whom (RFC 791 3.1, RFC 8200 3 and 4; ports as TCP, UDP and SCTP have them).
import { addressFromBytes } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { viewOf } from './netlink.ts';

export type IpPacket = {
  readonly source: Address;
  readonly destination: Address;
  /** Of the payload, past the extension headers of IPv6: 6 is TCP. */
  readonly protocol: number;
  /** 0 for protocols without ports, and in fragments after the first. */
  readonly sourcePort: number;
  readonly destinationPort: number;
};

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const WITH_PORTS: ReadonlySet<number> = new Set([TCP, UDP, SCTP]);

/** Reads the headers that are there; undefined where the addresses are not. */
export const decodeIpPacket = (bytes: Uint8Array): IpPacket | undefined => {
  const version = (bytes[0] ?? 0) >> 4;
  return version === 4 ? decodeIpv4(bytes) : version === 6 ? decodeIpv6(bytes) : undefined;
};

const IPV4_HEADER = 20;
const FRAGMENT_OFFSET = 0x1fff;

const decodeIpv4 = (bytes: Uint8Array): IpPacket | undefined => {
  if (bytes.length < IPV4_HEADER) return undefined;
  const isLaterFragment = (viewOf(bytes).getUint16(6) & FRAGMENT_OFFSET) !== 0;
  return {
    source: addressFromBytes(bytes.slice(12, 16)),
    destination: addressFromBytes(bytes.slice(16, 20)),
    ...portsOf(bytes, { protocol: bytes[9]!, offset: (bytes[0]! & 0xf) * 4, isLaterFragment }),
  };
};

const IPV6_HEADER = 40;

const decodeIpv6 = (bytes: Uint8Array): IpPacket | undefined => {
  if (bytes.length < IPV6_HEADER) return undefined;
  return {
    source: addressFromBytes(bytes.slice(8, 24)),
    destination: addressFromBytes(bytes.slice(24, 40)),
    ...portsOf(bytes, pastExtensions(bytes)),
  };
};

type Payload = { readonly protocol: number; readonly offset: number; readonly isLaterFragment: boolean };

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

/** Each extension header names the next one; all but the fragment's tell their length in units of 8 bytes, less one. */
const pastExtensions = (bytes: Uint8Array): Payload => {
  let protocol = bytes[6]!;
  let offset = IPV6_HEADER;
  while (offset + 8 <= bytes.length) {
    const next = bytes[offset]!;
    if (protocol === FRAGMENT) {
      const isLaterFragment = viewOf(bytes).getUint16(offset + 2) >> 3 !== 0;
      if (isLaterFragment) return { protocol: next, offset: offset + 8, isLaterFragment };
      offset += 8;
    } else if (protocol === HOP_BY_HOP || protocol === ROUTING || protocol === DESTINATION_OPTIONS)
      offset += (bytes[offset + 1]! + 1) * 8;
    else break;
    protocol = next;
  }
  return { protocol, offset, isLaterFragment: false };
};

const portsOf = (
  bytes: Uint8Array,
  { protocol, offset, isLaterFragment }: Payload,
): Omit<IpPacket, 'source' | 'destination'> => {
  if (isLaterFragment || !WITH_PORTS.has(protocol) || offset + 4 > bytes.length)
    return { protocol, sourcePort: 0, destinationPort: 0 };
  const view = viewOf(bytes);
  return { protocol, sourcePort: view.getUint16(offset), destinationPort: view.getUint16(offset + 2) };
};
