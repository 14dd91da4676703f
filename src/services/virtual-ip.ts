// An address that clients connect to.
import { formatAddress, parseAddress } from '../ip/address.ts';
import type { Family } from '../ip/address.ts';

export type VirtualIp = { readonly family: Family; readonly address: string };

/** The texts that are addresses, in canonical form: `None`, '' and rubbish are none. */
export const virtualIpsOf = (texts: readonly string[]): VirtualIp[] =>
  texts.flatMap((text) => {
    const address = parseAddress(text);
    return address ? [{ family: address.family, address: formatAddress(address) }] : [];
  });
