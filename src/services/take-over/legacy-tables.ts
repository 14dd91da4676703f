// Tables of the iptables of old, in the text of iptables-save(8):
//
//   *nat
//   :PREROUTING ACCEPT [0:0]
//   :KUBE-SERVICES - [0:0]
//   -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
//   COMMIT
import { kubeProxyPart } from './kube-proxy-chains.ts';
import type { ChainTable } from './kube-proxy-chains.ts';

/** What iptables-restore --noflush is to read to take kube-proxy's part away; undefined if there is none. */
export const legacyRemoval = (saved: string): string | undefined => {
  const table = tableOf(saved);
  const { chains, jumps } = kubeProxyPart(table);
  if (chains.length === 0) return undefined;
  return [
    `*${table.name}`,
    ...chains.map((chain) => `:${chain} - [0:0]`), // empties it
    ...jumps.map(({ id }) => id.replace(/^-A/, '-D')),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT\n',
  ].join('\n');
};

const tableOf = (saved: string): ChainTable => {
  const lines = saved.split('\n');
  const chains = lines.flatMap((line) => {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, isHooked: policy !== '-' }];
  });
  return {
    name: lines.find((line) => line.startsWith('*'))?.slice(1) ?? '',
    chains: chains.map(({ name }) => name),
    hooked: new Set(chains.flatMap(({ name, isHooked }) => (isHooked ? [name] : []))),
    rules: lines.flatMap((line) => {
      const chain = /^-A (\S+)/.exec(line)?.[1];
      return chain === undefined ? [] : [{ chain, target: targetOf(line), id: line }];
    }),
  };
};

/** Also of targets that are no chains: nobody asks for those. A comment may have any text, in quotes. */
const targetOf = (line: string): string | undefined =>
  / -[jg] (\S+)/.exec(line.replaceAll(/"(\\.|[^"\\])*"/g, '""'))?.[1];
