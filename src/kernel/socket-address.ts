// struct sockaddr_in and sockaddr_in6: the family in the machine's byte order, the rest in the network's.

import { addressFromBytes, formatAddress } from '../ip/address.ts';
import { AF_INET, AF_INET6 } from '../wire/family.ts';

const SOCKET_ADDRESS_BYTES_MAX = 28;

/** `address` in 4 or 16 bytes. */
export const socketAddress = (address: Uint8Array, port: number): Buffer =>
  address.length === 4 ? inetAddress(address, port) : inet6Address(address, port);

/** The address in a struct sockaddr, as text. */
export const addressIn = (socketAddress: Buffer): string => {
  const isV4 = socketAddress.readUInt16LE(0) === AF_INET;
  return formatAddress(addressFromBytes(isV4 ? socketAddress.subarray(4, 8) : socketAddress.subarray(8, 24)));
};

const inetAddress = (address: Uint8Array, port: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address, 4);
  return bytes;
};

/** Family, port, flow, address, scope. */
const inet6Address = (address: Uint8Array, port: number): Buffer => {
  const bytes = Buffer.alloc(SOCKET_ADDRESS_BYTES_MAX);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address, 8);
  return bytes;
};
