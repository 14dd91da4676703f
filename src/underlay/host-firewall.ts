// Other people's firewalls on the host. An accept in a chain of our own would not help: a packet must pass every chain
// of a hook, and Docker, ufw and firewalld drop what they do not know. So each foreign chain that filters forwarded
// packets gets rules for the cluster's bridge, and each that filters what comes in one for the host's address on it,
// where the API listens. The rules carry the cluster's name as their comment, by which they are found again.
import type { Nft } from '../kernel/nft.ts';
import { bridgeName, tableName } from './names.ts';
import type { UnderlayConfig } from './plan.ts';

/** As libnftables-json(5) lists it. */
type BaseChain = {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly type?: string;
  readonly hook?: string;
};

type Rule = {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly comment?: string;
};

/** Idempotent. */
export const openHostFirewall = (nft: Nft, config: Pick<UnderlayConfig, 'name' | 'hostAddresses'>): void => {
  const chains = filterChains(nft);
  run(nft, [
    ...deletions(nft, chains, config.name),
    ...chains.flatMap((chain) => acceptRules(chain, config)),
  ]);
};

/** Idempotent. */
export const closeHostFirewall = (nft: Nft, name: string): void =>
  run(nft, deletions(nft, filterChains(nft), name));

/** The rules that a chain needs, as commands of nft. */
const acceptRules = (
  { family, table, name: chain, hook }: BaseChain,
  { name, hostAddresses }: Pick<UnderlayConfig, 'name' | 'hostAddresses'>,
): readonly string[] => {
  const bridge = `"${bridgeName(name)}"`;
  const matches =
    hook === 'forward'
      ? [`iifname ${bridge}`, `oifname ${bridge}`]
      : hostAddresses
          .map((address) => [address.includes(':') ? 'ip6' : 'ip', address] as const)
          .filter(([ip]) => family === 'inet' || family === ip)
          .map(([ip, address]) => `iifname ${bridge} ${ip} daddr ${address}`);
  return matches.map(
    (match) => `insert rule ${family} ${table} ${chain} ${match} accept comment "${commentOf(name)}"`,
  );
};

const commentOf = (cluster: string): string => tableName(cluster);

const filterChains = (nft: Nft): readonly BaseChain[] =>
  nft
    .query('list chains')
    .flatMap(({ chain }) => (chain ? [chain as BaseChain] : []))
    .filter(({ type, hook }) => type === 'filter' && (hook === 'forward' || hook === 'input'))
    .filter(({ family }) => ['ip', 'ip6', 'inet'].includes(family));

const deletions = (nft: Nft, chains: readonly BaseChain[], name: string): readonly string[] =>
  chains
    .flatMap((chain) => nft.query(`list chain ${chain.family} ${chain.table} ${chain.name}`))
    .flatMap(({ rule }) => (rule ? [rule as Rule] : []))
    .filter(({ comment }) => comment === commentOf(name))
    .map(({ family, table, chain, handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}`);

const run = (nft: Nft, commands: readonly string[]): void => {
  if (commands.length > 0) nft.run(commands.join('\n'));
};
