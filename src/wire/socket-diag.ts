// sock_diag: the sockets of a network namespace (linux/inet_diag.h). Ports and addresses are in network byte order.
//
//   struct inet_diag_req_v2   | family | protocol | extensions | 0 | states (4) | socket id (48) |
//   struct inet_diag_msg      | family | state | timer | retries |              | socket id (48) | ...
//   socket id                 | port (2) | peer's port (2) | address (16) | peer's address (16) | interface (4) | cookie (8) |
import { addressFromBytes } from '../ip/address.ts';
import type { Address, Family } from '../ip/address.ts';
import { AF_INET6, familyNumber } from './family.ts';
import { LITTLE_ENDIAN, viewOf } from './netlink.ts';

/** Message types. */
export const SOCK_DIAG = { byFamily: 20, destroy: 21 } as const;

const UDP = 17;
/** A UDP socket with a peer has TCP's state 1. */
const ESTABLISHED = 1 << 1;

const REQUEST_BYTES = 56;
const ID = { request: 8, message: 4, bytes: 48, peerPort: 2, peer: 20, cookie: 40 };

export type ConnectedSocket = {
  /** Of the socket: an IPv6 socket may talk IPv4, with addresses below ::ffff:0:0/96. */
  readonly family: Family;
  readonly peer: Address;
  readonly peerPort: number;
  /** The kernel's name for the socket, never used again. 8 bytes in the machine's order. */
  readonly cookie: Uint8Array;
  /** By which the kernel finds it. */
  readonly id: Uint8Array;
};

/** Asks for all UDP sockets of a family that have a peer. */
export const encodeUdpQuery = (family: Family): Uint8Array => requestOf(family, new Uint8Array(ID.bytes));

/** Asks for the end of this socket: its user gets ECONNABORTED. */
export const encodeUdpDestruction = ({ family, id }: ConnectedSocket): Uint8Array => requestOf(family, id);

const requestOf = (family: Family, id: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(REQUEST_BYTES);
  bytes.set([familyNumber(family), UDP]);
  viewOf(bytes).setUint32(4, ESTABLISHED, LITTLE_ENDIAN);
  bytes.set(id, ID.request);
  return bytes;
};

/** Reads one socket of a listing; undefined if it is cut short. */
export const decodeSocket = (payload: Uint8Array): ConnectedSocket | undefined => {
  if (payload.length < ID.message + ID.bytes) return undefined;
  const family: Family = payload[0] === AF_INET6 ? 6 : 4;
  const id = payload.slice(ID.message, ID.message + ID.bytes);
  return {
    family,
    peer: addressFromBytes(id.subarray(ID.peer, ID.peer + (family === 4 ? 4 : 16))),
    peerPort: viewOf(id).getUint16(ID.peerPort),
    cookie: id.subarray(ID.cookie),
    id,
  };
};
