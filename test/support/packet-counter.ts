// Counts packets that arrive in a network namespace, whether a program there reads them or not.
import { withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';

export type PacketCounter = { readonly read: () => number; readonly close: () => void };

const TABLE = 'inet podnet-test-count';

/** Of those that match, in nft's words: `ip saddr 10.0.0.1 udp dport 8080`. One in a namespace at a time. */
export const countPackets = (netnsPath: string, match: string): PacketCounter => {
  const nft = withNetns(netnsPath, openNft);
  nft.run(
    [
      `add table ${TABLE}`,
      `delete table ${TABLE}`,
      `add table ${TABLE}`,
      `add counter ${TABLE} arrived`,
      `add chain ${TABLE} input { type filter hook input priority -300; }`,
      `add rule ${TABLE} input ${match} counter name arrived`,
    ].join('\n'),
  );
  return {
    read: () => nft.packets(TABLE, 'arrived'),
    close: () => {
      nft.run(`delete table ${TABLE}`);
      nft.close();
    },
  };
};
