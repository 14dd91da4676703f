// Who a network namespace is: the number by which eBPF programs know it, and its addresses.
import { networkInterfaces } from 'node:os';
import { closeDescriptor, netnsCookieOf, socket } from './ffi/libc.ts';
import { withNetns } from './netns.ts';

export type NetnsIdentity = {
  /** 8 bytes as the kernel has them; no other namespace has them until the next boot. */
  readonly cookie: Uint8Array;
  /** Text, without those of lo and those that are link-local. */
  readonly addresses: readonly string[];
};

/** bits/socket.h. */
const AF_INET = 2;
const SOCK_DGRAM = 2;

/** Of the namespace with this file; Linux >= 5.14. */
export const netnsIdentity = (netns: string): NetnsIdentity =>
  withNetns(netns, () => ({ cookie: ownCookie(netns), addresses: ownAddresses() }));

const ownCookie = (netns: string): Uint8Array => {
  const what = `cookie of network namespace ${netns}`;
  const fd = socket(what, AF_INET, SOCK_DGRAM, 0);
  try {
    return netnsCookieOf(what, fd);
  } finally {
    closeDescriptor(fd);
  }
};

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(
      ({ internal, address }) => !internal && !address.startsWith('fe80:') && !address.startsWith('169.254.'),
    )
    .map(({ address }) => address);
