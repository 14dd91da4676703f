// The maps that the programs share. Addresses are 16 bytes for both families, IPv4 as ::ffff:a.b.c.d: so a socket of
// either family finds the same Service, also an IPv6 socket that talks IPv4. Ports are in network byte order.
//
//   services   address . port . protocol          -> number of endpoints . affinity's time in ns, or 0
//   slots      address . port . protocol . slot   -> endpoint id             the same slots and ids as in nftables
//   endpoints  endpoint id                        -> address . port
//   members    address . port . protocol . endpoint id -> 1                 those of Services with affinity
//   flows      socket . address . port            -> address . port . id     where an unconnected UDP socket's datagrams go
//   fronts     socket . endpoint address . port   -> address . port          what a UDP socket asked for: its peer's name
//   tcpFronts  socket mod size -> socket . endpoint address . address . endpoint port . port        the same for TCP
//   affinity   client . address . port . protocol -> endpoint id . time of the last use
//   clients    network namespace                  -> hash of its IPv4 address . of its IPv6 address
//   strangers  0                                  -> 1 after a client that is not there asked for affinity
import { addressToBytes, parseAddress } from '../../ip/address.ts';
import type { MapDefinition } from '../../kernel/bpf-map.ts';
import { LITTLE_ENDIAN, viewOf } from '../../wire/netlink.ts';

const ADDRESS_BYTES = 16;
/** address, port, protocol; port and protocol have 4 bytes each, as in the programs' context. */
const SERVICE_BYTES = 24;
const SERVICE_VALUE_BYTES = 16;
export const SERVICE_STICKY_NS = 8;
const SLOT_BYTES = 28;
/** address, port */
const PEER_BYTES = 20;
/** address, port, endpoint id */
const FLOW_BYTES = 24;
/** socket cookie, address, port */
const SOCKET_PEER_BYTES = 28;

export type MapName =
  | 'services'
  | 'slots'
  | 'endpoints'
  | 'members'
  | 'affinity'
  | 'clients'
  | 'strangers'
  | 'flows'
  | 'fronts'
  | 'tcpFronts';

/** UDP sockets whose peers are remembered at once; those not used for longest are forgotten. */
const UDP_SOCKETS_MAX = 16_384;
/**
 * TCP sockets whose peers are remembered, for getpeername() only: the youngest, since cookies count up. An array, which
 * costs a connect() two cache lines: a full map that forgets what was not used for longest costs it a microsecond.
 */
export const TCP_SOCKETS_MAX = 65_536;
/** A value of `tcpFronts`. */
export const TCP_FRONT = { cookie: 0, endpoint: 8, front: 24, endpointPort: 40, frontPort: 44 } as const;
const TCP_FRONT_BYTES = 48;

/** Pods' bindings to endpoints, and pods of a node, old ones too. */
const AFFINITY_MAX = 16_384;
const CLIENTS_MAX = 4096;
/** Network namespace cookie, address, port, protocol. */
const AFFINITY_BYTES = 8 + SERVICE_BYTES;

/** A value of `clients`: by family. */
export const CLIENT_HASH = { 4: 0, 6: 4 } as const;

/** They outlive the agent, and the maps of Services, which are made anew when they are full. */
export const SOCKET_MAPS = {
  flows: {
    name: 'podnet_flows',
    type: 'lru-hash',
    keyBytes: SOCKET_PEER_BYTES,
    valueBytes: FLOW_BYTES,
    maxEntries: UDP_SOCKETS_MAX,
  },
  fronts: {
    name: 'podnet_fronts',
    type: 'lru-hash',
    keyBytes: SOCKET_PEER_BYTES,
    valueBytes: PEER_BYTES,
    maxEntries: UDP_SOCKETS_MAX,
  },
  tcpFronts: {
    name: 'podnet_tcpfront',
    type: 'array',
    keyBytes: 4,
    valueBytes: TCP_FRONT_BYTES,
    maxEntries: TCP_SOCKETS_MAX,
  },
  affinity: {
    name: 'podnet_affinity',
    type: 'lru-hash',
    keyBytes: AFFINITY_BYTES,
    valueBytes: 16,
    maxEntries: AFFINITY_MAX,
  },
  clients: {
    name: 'podnet_clients',
    type: 'lru-hash',
    keyBytes: 8,
    valueBytes: 8,
    maxEntries: CLIENTS_MAX,
  },
  strangers: { name: 'podnet_stranger', type: 'array', keyBytes: 4, valueBytes: 4, maxEntries: 1 },
} as const satisfies Record<string, MapDefinition>;

/** How many elements the maps of Services can take: the kernel makes a hash table of that size at once. */
export type Capacity = { readonly services: number; readonly endpoints: number };

/** Room for twice as much, so that each map is made anew a few times in its life at most. */
export const capacityFor = ({ services, endpoints }: Capacity): Capacity => ({
  services: Math.max(1024, powerOfTwo(2 * services)),
  endpoints: Math.max(4096, powerOfTwo(2 * endpoints)),
});

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));

export const serviceMaps = ({ services, endpoints }: Capacity) =>
  ({
    services: hash('podnet_services', SERVICE_BYTES, SERVICE_VALUE_BYTES, services),
    slots: hash('podnet_slots', SLOT_BYTES, 4, endpoints),
    endpoints: hash('podnet_endpoint', 4, PEER_BYTES, endpoints),
    members: hash('podnet_members', SLOT_BYTES, 4, endpoints),
  }) as const;

const hash = (name: string, keyBytes: number, valueBytes: number, maxEntries: number): MapDefinition => ({
  name,
  type: 'hash',
  keyBytes,
  valueBytes,
  maxEntries,
});

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/** The key of `tcp . 10.96.0.10 . 80` in `services`, and the start of its keys in `slots`. */
export const writeFront = (view: DataView, offset: number, match: string): void => {
  const [protocol, address, port] = match.split(' . ') as [string, string, string];
  writeAddress(view, offset, address);
  view.setUint16(offset + ADDRESS_BYTES, Number(port));
  view.setUint32(offset + ADDRESS_BYTES + 4, PROTOCOL_NUMBERS[protocol]!, LITTLE_ENDIAN);
};

export const writeSlot = (view: DataView, offset: number, match: string, slot: number): void => {
  writeFront(view, offset, match);
  writeNumber(view, offset + SERVICE_BYTES, slot);
};

/** The value of a Service with so many endpoints; affinity for 0 seconds is none. */
export const writeService = (view: DataView, offset: number, count: number, stickySeconds: number): void => {
  writeNumber(view, offset, count);
  view.setBigUint64(offset + SERVICE_STICKY_NS, BigInt(stickySeconds) * 1_000_000_000n, LITTLE_ENDIAN);
};

/** The value of an endpoint, `10.244.0.5 . 8080`. */
export const writePeer = (view: DataView, offset: number, at: string): void => {
  const [address, port] = at.split(' . ') as [string, string];
  writeAddress(view, offset, address);
  view.setUint16(offset + ADDRESS_BYTES, Number(port));
};

/** An id or a count, in the machine's byte order. */
export const writeNumber = (view: DataView, offset: number, value: number): void =>
  view.setUint32(offset, value, LITTLE_ENDIAN);

export const encodePeer = (at: string): Uint8Array => {
  const bytes = new Uint8Array(PEER_BYTES);
  writePeer(viewOf(bytes), 0, at);
  return bytes;
};

/** The key of a socket's peer in `fronts` and `flows`. */
export const encodeSocketPeer = (cookie: Uint8Array, peer: Uint8Array): Uint8Array =>
  Buffer.concat([cookie, peer]);

/** IPv4 without parseAddress(), whose arithmetic of large numbers took half of the time with 30,000 Services. */
const writeAddress = (view: DataView, offset: number, text: string): void => {
  if (text.includes(':')) {
    addressToBytes(parseAddress(text)!).forEach((byte, index) => view.setUint8(offset + index, byte));
    return;
  }
  view.setUint16(offset + 10, 0xffff);
  text.split('.').forEach((part, index) => view.setUint8(offset + 12 + index, Number(part)));
};
