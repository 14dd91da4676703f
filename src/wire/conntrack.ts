// ctnetlink: the kernel's table of connections (linux/netfilter/nfnetlink_conntrack.h). Numbers in the attributes are in
// network byte order.
//
//   struct nfgenmsg   0        1         2             4
//                     | family | version | resource id |   attributes: CTA_TUPLE_ORIG { IP, PROTO }, CTA_MARK, ...
import { addressFromBytes, addressToBytes, formatAddress } from '../ip/address.ts';
import type { Address, Family } from '../ip/address.ts';
import { familyNumber } from './family.ts';
import { big16, big32, decodeAttributes, encodeAttributes, joinPayload, viewOf } from './netlink.ts';
import type { Attribute } from './netlink.ts';

/** One direction of a flow: ports of TCP, UDP or SCTP. */
export type FlowTuple = {
  readonly protocol: number;
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly destinationPort: number;
};

export type Flow = {
  readonly original: FlowTuple;
  /** What answers look like; its source differs from the original destination where that was translated. */
  readonly reply: FlowTuple;
  readonly mark: number;
};

/** Message types: subsystem 1 (NFNL_SUBSYS_CTNETLINK) in the upper byte. */
export const CONNTRACK = { get: 0x101, delete: 0x102 } as const;

export const PROTOCOL_UDP = 17;

const NESTED = 0x8000;
const CTA = { original: 1, reply: 2, mark: 8, markMask: 21 } as const;
const TUPLE = { address: 1, protocol: 2 } as const;
const IP = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;
const PROTO = { number: 1, source: 2, destination: 3 } as const;

/** Version 1 makes the kernel heed the family when it deletes by a filter (nf_conntrack_netlink.c). */
const header = (family?: Family): Uint8Array => Uint8Array.of(family ? familyNumber(family) : 0, 1, 0, 0);

/** Asks for all flows, of one family or of both. */
export const encodeFlowQuery = (family?: Family): Uint8Array => header(family);

/** Selects all flows with exactly this mark. */
export const encodeMarkFilter = (family: Family, mark: number): Uint8Array =>
  joinPayload(
    header(family),
    encodeAttributes([
      [CTA.mark, big32(mark)],
      [CTA.markMask, big32(0xffff_ffff)],
    ]),
  );

/** Selects the one flow with this original direction. */
export const encodeFlow = (original: FlowTuple): Uint8Array =>
  joinPayload(
    header(original.source.family),
    encodeAttributes([[CTA.original | NESTED, encodeTuple(original)]]),
  );

/** Reads one flow of a listing; undefined if it has no ports (ICMP and others). */
export const decodeFlow = (payload: Uint8Array): Flow | undefined => {
  const attributes = decodeAttributes(payload.subarray(4));
  const original = decodeTuple(attributes.get(CTA.original));
  const reply = decodeTuple(attributes.get(CTA.reply));
  const mark = attributes.get(CTA.mark);
  return original && reply && { original, reply, mark: mark ? viewOf(mark).getUint32(0) : 0 };
};

/** `udp 10.244.0.5:1234 -> 10.96.0.10:53`, for messages. */
export const flowText = ({ protocol, source, sourcePort, destination, destinationPort }: FlowTuple): string =>
  `${protocol === PROTOCOL_UDP ? 'udp' : protocol} ${formatAddress(source)} ${sourcePort} -> ` +
  `${formatAddress(destination)} ${destinationPort}`;

const encodeTuple = ({
  protocol,
  source,
  destination,
  sourcePort,
  destinationPort,
}: FlowTuple): Uint8Array => {
  const ip = IP[source.family];
  const addresses: Attribute[] = [
    [ip.source, addressToBytes(source)],
    [ip.destination, addressToBytes(destination)],
  ];
  const ports: Attribute[] = [
    [PROTO.number, Uint8Array.of(protocol)],
    [PROTO.source, big16(sourcePort)],
    [PROTO.destination, big16(destinationPort)],
  ];
  return encodeAttributes([
    [TUPLE.address | NESTED, encodeAttributes(addresses)],
    [TUPLE.protocol | NESTED, encodeAttributes(ports)],
  ]);
};

const decodeTuple = (bytes: Uint8Array | undefined): FlowTuple | undefined => {
  const tuple = decodeAttributes(bytes ?? new Uint8Array());
  const ip = decodeAttributes(tuple.get(TUPLE.address) ?? new Uint8Array());
  const proto = decodeAttributes(tuple.get(TUPLE.protocol) ?? new Uint8Array());
  const [source, destination] = [ip.get(1) ?? ip.get(3), ip.get(2) ?? ip.get(4)];
  const [protocol, from, to] = [PROTO.number, PROTO.source, PROTO.destination].map((type) => proto.get(type));
  if (!source || !destination || !protocol || !from || !to) return undefined;
  return {
    protocol: protocol[0]!,
    source: addressFromBytes(source),
    destination: addressFromBytes(destination),
    sourcePort: viewOf(from).getUint16(0),
    destinationPort: viewOf(to).getUint16(0),
  };
};
