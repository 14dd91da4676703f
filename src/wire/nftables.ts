// What of nf_tables is not said through libnftables (linux/netfilter/nf_tables.h): the generation of the ruleset, which
// the kernel counts up with each transaction that changes something.
import { decodeAttributes, viewOf } from './netlink.ts';

/** Subsystem 10 (NFNL_SUBSYS_NFTABLES) in the upper byte. */
export const NFT_GET_GENERATION = 0xa10;

const GENERATION_ID = 1;
const HEADER = 4;

/** struct nfgenmsg of no family. */
export const encodeGenerationQuery = (): Uint8Array => new Uint8Array(HEADER);

/** In network byte order. */
export const decodeGeneration = (payload: Uint8Array): number | undefined => {
  const id = decodeAttributes(payload.subarray(HEADER)).get(GENERATION_ID);
  return id && viewOf(id).getUint32(0);
};
