// What a kube-proxy that ran on this node before has left goes, when podnet's own tables are in place (KEP-3866: who takes
// over cleans up): the tables of its nftables mode; of its iptables and IPVS modes the chains and the rules that lead to
// them, in nf_tables and in the iptables of old; and IPVS mode's interface, by which the node has all Services' addresses.
import type { Family } from '../../ip/address.ts';
import { deleteLink, findLink } from '../../kernel/link.ts';
import { legacyTables, restoreLegacyTable, saveLegacyTable } from '../../kernel/legacy-iptables.ts';
import type { Nft } from '../../kernel/nft.ts';
import { openRtnetlink } from '../../kernel/rtnetlink.ts';
import type { Log } from '../../lang/log.ts';
import { KUBE_PROXY_TABLES } from './kube-proxy-chains.ts';
import { legacyRemoval } from './legacy-tables.ts';
import { KUBE_PROXY_TABLE, nftRemoval } from './nft-tables.ts';

const IPVS_LINK = 'kube-ipvs0';

/** Works in the calling thread's network namespace, which is to be that of `nft`. Failures are logged: Services work. */
export const removeKubeProxy = (nft: Nft, log: Log): void => {
  const parts = [
    ['nf_tables', () => removeFromNft(nft)],
    ['iptables', () => removeFromLegacyTables(4)],
    ['ip6tables', () => removeFromLegacyTables(6)],
    ['IPVS', removeIpvsLink],
  ] as const;
  for (const [where, remove] of parts) {
    try {
      if (remove()) log.info({ where }, 'removed what kube-proxy had left');
    } catch (error) {
      log.warn({ where, err: error }, 'what kube-proxy has left is not removed');
    }
  }
};

/** All of it in one transaction. Like the others it says whether there was something. */
const removeFromNft = (nft: Nft): boolean => {
  const commands = nft.tables().flatMap((at) => {
    const [family, name = ''] = at.split(' ');
    if (family === 'inet') return []; // kube-proxy's are of one family each
    if (name === KUBE_PROXY_TABLE) return [`delete table ${at}`];
    return KUBE_PROXY_TABLES.includes(name) ? nftRemoval(at, nft.query(`list table ${at}`)) : [];
  });
  if (commands.length > 0) nft.run(commands.join('\n'));
  return commands.length > 0;
};

const removeFromLegacyTables = (family: Family): boolean => {
  const removals = legacyTables(family)
    .filter((table) => KUBE_PROXY_TABLES.includes(table))
    .flatMap((table) => legacyRemoval(saveLegacyTable(family, table)) ?? []);
  for (const removal of removals) restoreLegacyTable(family, removal);
  return removals.length > 0;
};

/** The virtual servers that IPVS still has get no packets then: their addresses are nowhere, node ports translated before. */
const removeIpvsLink = (): boolean => {
  using rtnetlink = openRtnetlink();
  if (!findLink(rtnetlink, IPVS_LINK)) return false;
  rtnetlink.request([deleteLink(IPVS_LINK)]);
  return true;
};
