// An address that clients connect to.
import { formatAddress } from '../ip/address.ts';
import type { Family } from '../ip/address.ts';
import { parseSloppyAddress } from '../ip/sloppy.ts';

export type VirtualIp = { readonly family: Family; readonly address: string };

/** The texts that are addresses, in canonical form: `None`, '' and rubbish are none. */
export const virtualIpsOf = (texts: readonly string[]): VirtualIp[] =>
  texts.flatMap((text) => {
    const address = parseSloppyAddress(text);
    return address ? [{ family: address.family, address: formatAddress(address) }] : [];
  });
