// What a kube-proxy that ran on this node before has left goes, when podnet's own tables are in place (KEP-3866: who
// takes over cleans up): the tables of its nftables mode, and of its iptables mode, as far as iptables speaks nf_tables,
// the chains and the rules that lead to them. The kubelet's own chains (KUBE-FIREWALL, KUBE-KUBELET-CANARY) stay.
import type { Nft, NftObject } from '../kernel/nft.ts';
import type { Log } from '../lang/log.ts';

const OWN_TABLE = 'kube-proxy';

/** Of iptables and IPVS mode: kubernetes pkg/proxy/iptables and pkg/proxy/ipvs, names of chains (1.36). */
const CHAIN =
  /^KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|FORWARD|LOAD-BALANCER|NODE-PORT|PROXY-.*|MARK-.*|(SVC|SEP|FW|XLB|EXT|SVL)-.*)$/;

export const removeKubeProxy = (nft: Nft, log: Log): void => {
  try {
    const commands = removalCommands(nft);
    if (commands.length === 0) return;
    nft.run(commands.join('\n'));
    log.info({ commands: commands.length }, "removed kube-proxy's rules");
  } catch (error) {
    log.warn({ err: error }, "kube-proxy's rules not removed");
  }
};

const removalCommands = (nft: Nft): readonly string[] =>
  nft.tables().flatMap((table) => {
    const name = table.split(' ')[1]!;
    if (name === OWN_TABLE) return [`delete table ${table}`];
    return ['nat', 'filter', 'mangle'].includes(name)
      ? chainRemovals(table, nft.query(`list table ${table}`))
      : [];
  });

/** Rules that lead to the chains first, then what is in the chains: a chain can only go when nothing leads to it. */
const chainRemovals = (at: string, objects: readonly NftObject[]): readonly string[] => {
  const chains = objects.map(({ chain }) => String(chain?.['name'])).filter((name) => CHAIN.test(name));
  const rules = objects
    .flatMap(({ rule }) => (rule ? [rule] : []))
    .filter((rule) => !CHAIN.test(String(rule['chain'])) && leadsToChain(rule['expr']));
  return [
    ...rules.map((rule) => `delete rule ${at} ${String(rule['chain'])} handle ${Number(rule['handle'])}`),
    ...chains.map((name) => `flush chain ${at} ${name}`),
    ...chains.map((name) => `delete chain ${at} ${name}`),
  ];
};

const leadsToChain = (expressions: unknown): boolean =>
  (expressions as readonly Readonly<Record<string, { readonly target?: string } | null>>[]).some((each) =>
    CHAIN.test(each['jump']?.target ?? each['goto']?.target ?? ''),
  );
