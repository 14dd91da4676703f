// Tables of nf_tables, as kube-proxy's nftables mode and iptables-nft make them.
import type { NftObject } from '../../kernel/nft.ts';
import { kubeProxyPart } from './kube-proxy-chains.ts';
import type { ChainTable } from './kube-proxy-chains.ts';

/** Of kube-proxy's nftables mode: all of it is its own. */
export const KUBE_PROXY_TABLE = 'kube-proxy';

/** The commands that take kube-proxy's part away. `at` is the family and the name; `objects` are those of `list table`. */
export const nftRemoval = (at: string, objects: readonly NftObject[]): readonly string[] => {
  const { chains, jumps } = kubeProxyPart(tableOf(at.split(' ')[1]!, objects));
  return [
    ...jumps.map(({ chain, id }) => `delete rule ${at} ${chain} handle ${id}`),
    ...chains.map((chain) => `flush chain ${at} ${chain}`),
    ...chains.map((chain) => `delete chain ${at} ${chain}`),
  ];
};

const tableOf = (name: string, objects: readonly NftObject[]): ChainTable => {
  const chains = objects.flatMap(({ chain }) => (chain ? [chain] : []));
  return {
    name,
    chains: chains.map((chain) => String(chain['name'])),
    hooked: new Set(chains.filter((chain) => 'hook' in chain).map((chain) => String(chain['name']))),
    rules: objects
      .flatMap(({ rule }) => (rule ? [rule] : []))
      .map((rule) => ({
        chain: String(rule['chain']),
        target: targetOf(rule['expr']),
        id: String(Number(rule['handle'])),
      })),
  };
};

/** Rules of iptables end with their jump. */
const targetOf = (expressions: unknown): string | undefined =>
  (expressions as readonly Readonly<Record<string, { readonly target?: string } | null>>[])
    .map((each) => each['jump']?.target ?? each['goto']?.target)
    .find((target) => target !== undefined);
