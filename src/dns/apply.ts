// Puts the addresses of the cluster DNS on this node's lo (docs/decisions/0004), and takes them away again.
import { bitsOf, parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { deleteAddress, replaceAddress } from '../kernel/interface-address.ts';
import { LOOPBACK_INDEX } from '../kernel/link.ts';
import { openRtnetlink } from '../kernel/rtnetlink.ts';

/** Idempotent. Addresses of the loopback network are there already. */
export const addToLoopback = (addresses: readonly string[]): void => {
  using rtnetlink = openRtnetlink();
  rtnetlink.request(addresses.filter(isForeign).map((text) => replaceAddress(hostAddress(text))));
};

export const removeFromLoopback = (addresses: readonly string[]): void => {
  using rtnetlink = openRtnetlink();
  rtnetlink.request(addresses.filter(isForeign).map((text) => deleteAddress(hostAddress(text))));
};

const isForeign = (text: string): boolean => !text.startsWith('127.') && text !== '::1';

type HostAddress = { readonly linkIndex: number; readonly address: Address; readonly length: number };

const hostAddress = (text: string): HostAddress => {
  const address = parseAddress(text)!;
  return { linkIndex: LOOPBACK_INDEX, address, length: bitsOf(address.family) };
};
