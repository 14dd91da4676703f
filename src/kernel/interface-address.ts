// Addresses of interfaces, as `ip address` works on them.
import { formatAddress } from '../ip/address.ts';
import { NLM_F } from '../wire/netlink.ts';
import { decodeInterfaceAddress, encodeInterfaceAddress } from '../wire/rtnetlink/interface-address.ts';
import type { InterfaceAddress } from '../wire/rtnetlink/interface-address.ts';
import { RTM } from '../wire/rtnetlink/types.ts';
import type { NetlinkRequest } from './netlink-socket.ts';
import type { Rtnetlink } from './rtnetlink.ts';

/** Idempotent. An IPv6 address is usable at once: no duplicate address detection. */
export const replaceAddress = (
  of: Pick<InterfaceAddress, 'linkIndex' | 'address' | 'length'> & Partial<InterfaceAddress>,
): NetlinkRequest => ({
  what: `address replace ${textOf(of)} dev if${of.linkIndex}`,
  type: RTM.newAddress,
  flags: NLM_F.create | NLM_F.replace,
  payload: encodeInterfaceAddress({ scope: 'global', noDad: of.address.family === 6, ...of }),
});

/** Idempotent. */
export const deleteAddress = (
  of: Pick<InterfaceAddress, 'linkIndex' | 'address' | 'length'>,
): NetlinkRequest => ({
  what: `address delete ${textOf(of)} dev if${of.linkIndex}`,
  type: RTM.deleteAddress,
  payload: encodeInterfaceAddress({ ...of, scope: 'global', noDad: false }),
  tolerate: ['EADDRNOTAVAIL', 'ENODEV'],
});

/** struct ifaddrmsg, all zero: of every family and interface. */
const ALL = new Uint8Array(8);

/** All addresses of all interfaces. */
export const listAddresses = (rtnetlink: Rtnetlink): readonly InterfaceAddress[] =>
  rtnetlink
    .dump({ what: 'address show', type: RTM.getAddress, payload: ALL })
    .flatMap((payload) => decodeInterfaceAddress(payload) ?? []);

const textOf = ({ address, length }: Pick<InterfaceAddress, 'address' | 'length'>): string =>
  `${formatAddress(address)}/${length}`;
