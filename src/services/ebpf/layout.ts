// The maps that the programs share. Addresses are 16 bytes for both families, IPv4 as ::ffff:a.b.c.d: so a socket of
// either family finds the same Service, also an IPv6 socket that talks IPv4. Ports are in network byte order.
//
//   services   address . port . protocol          -> number of endpoints
//   slots      address . port . protocol . slot   -> endpoint id             the same slots and ids as in nftables
//   endpoints  endpoint id                        -> address . port
//   flows      socket . address . port            -> address . port . id     where an unconnected UDP socket's datagrams go
//   fronts     socket . endpoint address . port   -> address . port          what the socket asked for: its peer's name
import { addressToBytes, parseAddress } from '../../ip/address.ts';
import type { MapDefinition } from '../../kernel/bpf-map.ts';
import { LITTLE_ENDIAN, viewOf } from '../../wire/netlink.ts';

const ADDRESS_BYTES = 16;
/** address, port, protocol; port and protocol have 4 bytes each, as in the programs' context. */
const SERVICE_BYTES = 24;
const SLOT_BYTES = 28;
/** address, port */
const PEER_BYTES = 20;
/** address, port, endpoint id */
const FLOW_BYTES = 24;
/** socket cookie, address, port */
const SOCKET_PEER_BYTES = 28;

export type MapName = 'services' | 'slots' | 'endpoints' | 'flows' | 'fronts';

/** Sockets whose peers are remembered at once; those not used for longest are forgotten. */
const FLOWS_MAX = 16_384;
const FRONTS_MAX = 65_536;

/** They outlive the agent, and the maps of Services, which are made anew when they are full. */
export const SOCKET_MAPS = {
  flows: {
    name: 'podnet_flows',
    type: 'lru-hash',
    keyBytes: SOCKET_PEER_BYTES,
    valueBytes: FLOW_BYTES,
    maxEntries: FLOWS_MAX,
  },
  fronts: {
    name: 'podnet_fronts',
    type: 'lru-hash',
    keyBytes: SOCKET_PEER_BYTES,
    valueBytes: PEER_BYTES,
    maxEntries: FRONTS_MAX,
  },
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
    services: hash('podnet_services', SERVICE_BYTES, 4, services),
    slots: hash('podnet_slots', SLOT_BYTES, 4, endpoints),
    endpoints: hash('podnet_endpoint', 4, PEER_BYTES, endpoints),
  }) as const;

const hash = (name: string, keyBytes: number, valueBytes: number, maxEntries: number): MapDefinition => ({
  name,
  type: 'hash',
  keyBytes,
  valueBytes,
  maxEntries,
});

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/** The key of `tcp . 10.96.0.10 . 80` in `services`; with a slot, in `slots`. */
export const encodeFront = (match: string, slot?: number): Uint8Array => {
  const [protocol, address, port] = match.split(' . ') as [string, string, string];
  const bytes = new Uint8Array(slot === undefined ? SERVICE_BYTES : SLOT_BYTES);
  const view = viewOf(bytes);
  bytes.set(mappedBytes(address));
  view.setUint16(ADDRESS_BYTES, Number(port));
  view.setUint32(ADDRESS_BYTES + 4, PROTOCOL_NUMBERS[protocol]!, LITTLE_ENDIAN);
  if (slot !== undefined) view.setUint32(SERVICE_BYTES, slot, LITTLE_ENDIAN);
  return bytes;
};

/** The value of an endpoint, `10.244.0.5 . 8080`. */
export const encodePeer = (at: string): Uint8Array => {
  const [address, port] = at.split(' . ') as [string, string];
  const bytes = new Uint8Array(PEER_BYTES);
  bytes.set(mappedBytes(address));
  viewOf(bytes).setUint16(ADDRESS_BYTES, Number(port));
  return bytes;
};

/** The key of a socket's peer in `fronts` and `flows`. */
export const encodeSocketPeer = (cookie: Uint8Array, peer: Uint8Array): Uint8Array =>
  Buffer.concat([cookie, peer]);

const mappedBytes = (text: string): Uint8Array => {
  const address = parseAddress(text)!;
  const bytes = addressToBytes(address);
  return address.family === 6 ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
};
