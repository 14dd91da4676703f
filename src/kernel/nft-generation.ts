// The ruleset's generation, of the network namespace in which this was opened. 10 us to read.
import { NFT_GET, decodeGeneration } from '../wire/nftables/objects.ts';
import { familyHeader } from '../wire/nftables/families.ts';
import { NetlinkSocket } from './netlink-socket.ts';

export type NftGeneration = {
  /** Differs whenever anyone changed anything in between; the kernel counts in 32 bits, around. */
  readonly read: () => number;
  readonly close: () => void;
};

export const openNftGeneration = (): NftGeneration => {
  const socket = new NetlinkSocket('netfilter');
  const request = {
    what: 'read the generation of nftables',
    type: NFT_GET.generation,
    payload: familyHeader(),
  };
  return {
    read: () => decodeGeneration(socket.request([request])[0]?.[0] ?? new Uint8Array()) ?? 0,
    close: () => socket.close(),
  };
};
