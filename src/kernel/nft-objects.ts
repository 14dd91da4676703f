// What tables there are, and what they are made of, read by netlink: its cost is that of what is read, where libnftables
// reads all elements of the namespace first (nft 1.0.6: 3 s at 90,000).
import {
  NFT_GET,
  decodeCounter,
  decodeLasting,
  decodeTableName,
  encodeCounterQuery,
} from '../wire/nftables/objects.ts';
import { familyHeader } from '../wire/nftables/families.ts';
import type { NftFamily } from '../wire/nftables/families.ts';
import { NetlinkSocket } from './netlink-socket.ts';

export type NftObjects = {
  /** Of IPv4, IPv6 and both, as `ip podnet`. */
  readonly tables: () => readonly string[];
  /** The chains, rules and sets of a table as text to compare: without elements and counters. */
  readonly structure: (table: string) => string;
  /** How many packets a counter with a name has counted. Throws ENOENT where there is none. */
  readonly packets: (table: string, counter: string) => number;
  readonly close: () => void;
};

const FAMILIES: readonly NftFamily[] = ['ip', 'ip6', 'inet'];

export const openNftObjects = (): NftObjects => {
  const socket = new NetlinkSocket('netfilter');
  const dump = (kind: 'table' | 'chain' | 'rule' | 'set', family: NftFamily): readonly Uint8Array[] =>
    socket.dump({
      what: `list ${kind}s of ${family} of nftables`,
      type: NFT_GET[kind],
      payload: familyHeader(family),
    });
  return {
    tables: () =>
      FAMILIES.flatMap((family) =>
        dump('table', family).map((payload) => `${family} ${decodeTableName(payload)}`),
      ),
    structure: (table) => {
      const [family, name] = table.split(' ') as [NftFamily, string];
      return (['chain', 'rule', 'set'] as const)
        .flatMap((kind) =>
          dump(kind, family)
            .filter((payload) => decodeTableName(payload) === name)
            .map((payload) => decodeLasting(kind, payload)),
        )
        .join('\n');
    },
    packets: (table, counter) => {
      const [family, name] = table.split(' ') as [NftFamily, string];
      const [[payload] = []] = socket.request([
        {
          what: `read the counter ${counter} of ${table} of nftables`,
          type: NFT_GET.object,
          payload: encodeCounterQuery(family, name, counter),
        },
      ]);
      return payload ? decodeCounter(payload) : 0;
    },
    close: () => socket.close(),
  };
};
