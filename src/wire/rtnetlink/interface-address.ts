// RTM_*ADDR: addresses of interfaces (linux/if_addr.h).
//
//   struct ifaddrmsg   0        1        2       3       4       8
//                      | family | length | flags | scope | index |
import { addressFromBytes, addressToBytes } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { familyNumber } from '../family.ts';
import {
  LITTLE_ENDIAN,
  decodeAttributes,
  encodeAttributes,
  joinPayload,
  readU32,
  u32,
  viewOf,
} from '../netlink.ts';
import { scopeFromNumber, scopeNumber } from './types.ts';
import type { Scope } from './types.ts';

export type InterfaceAddress = {
  readonly linkIndex: number;
  readonly address: Address;
  /** Prefix length of the network on the link: 32 or 128 where the address stands alone. */
  readonly length: number;
  readonly scope: Scope;
  /** Usable at once, without duplicate address detection (RFC 4862 5.4). IPv6 only. */
  readonly noDad: boolean;
};

const HEADER = 8;
const IFA = { address: 1, local: 2, flags: 8 } as const;
const IFA_F_NODAD = 0x02;

export const encodeInterfaceAddress = (of: InterfaceAddress): Uint8Array => {
  const header = Uint8Array.of(
    familyNumber(of.address.family),
    of.length,
    0,
    scopeNumber(of.scope),
    0,
    0,
    0,
    0,
  );
  viewOf(header).setUint32(4, of.linkIndex, LITTLE_ENDIAN);
  const bytes = addressToBytes(of.address);
  return joinPayload(
    header,
    encodeAttributes([
      [IFA.address, bytes],
      [IFA.local, bytes],
      of.noDad ? [IFA.flags, u32(IFA_F_NODAD)] : undefined,
    ]),
  );
};

/** Undefined for an address of another family. */
export const decodeInterfaceAddress = (payload: Uint8Array): InterfaceAddress | undefined => {
  const attributes = decodeAttributes(payload.subarray(HEADER));
  // on a point-to-point link `address` is the peer's and `local` the own one
  const bytes = attributes.get(IFA.local) ?? attributes.get(IFA.address);
  if (bytes?.length !== 4 && bytes?.length !== 16) return undefined;
  return {
    linkIndex: viewOf(payload).getUint32(4, LITTLE_ENDIAN),
    address: addressFromBytes(bytes),
    length: payload[1]!,
    scope: scopeFromNumber(payload[3]!),
    noDad: ((readU32(attributes.get(IFA.flags)) ?? 0) & IFA_F_NODAD) !== 0,
  };
};
