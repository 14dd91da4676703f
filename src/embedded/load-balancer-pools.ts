// Which address ranges a cluster may give to Services of type LoadBalancer. Pure.
import { formatAddress, parseAddress } from '../ip/address.ts';
import { type Prefix, formatPrefix, parsePrefix, prefixContains, prefixesOverlap } from '../ip/prefix.ts';
import { isReachable } from '../ip/reachable.ts';
import type { ClusterConfig } from './cluster-config.ts';

/** Wider ones would take the host's other traffic away. */
const LENGTH_MIN = 8;

type Surroundings = {
  /** The clusters that are on record besides. */
  readonly others: readonly ClusterConfig[];
  /** The machine's own. */
  readonly hostAddresses: readonly string[];
};

/** Why the cluster cannot have its pools, or undefined. */
export const poolProblem = (config: ClusterConfig, surroundings: Surroundings): string | undefined => {
  const texts = config.loadBalancerPools;
  for (const [index, text] of texts.entries()) {
    const pool = parsePrefix(text);
    if (!pool) return `${JSON.stringify(text)} is not a CIDR such as 172.30.0.224/27 or fd00:172:30::1:0/112`;
    const problem =
      unusable(pool) ??
      overlap(pool, texts.slice(0, index), 'another pool') ??
      overlap(pool, [...config.podCidrs, ...config.serviceCidrs], 'a network of the cluster') ??
      inUse(pool, [...surroundings.hostAddresses, ...addressesOf(config)]) ??
      overlap(pool, surroundings.others.flatMap(rangesOf), 'a network of another cluster');
    if (problem) return `${formatPrefix(pool)} ${problem}`;
  }
  return undefined;
};

const unusable = (pool: Prefix): string | undefined => {
  if (pool.length < LENGTH_MIN) return `is too wide: at least /${LENGTH_MIN}`;
  return isReachable(pool.address) ? undefined : 'has addresses that cannot be routed';
};

const overlap = (pool: Prefix, cidrs: readonly string[], what: string): string | undefined => {
  const found = cidrs.find((cidr) => prefixesOverlap(pool, parsePrefix(cidr)!));
  return found && `overlaps ${what}, ${found}`;
};

const inUse = (pool: Prefix, texts: readonly string[]): string | undefined => {
  const found = texts.flatMap((text) => parseAddress(text) ?? []).find((each) => prefixContains(pool, each));
  return found && `contains ${formatAddress(found)}, which the host or a node has`;
};

const addressesOf = ({ hostAddresses, nodes }: ClusterConfig): readonly string[] => [
  ...hostAddresses,
  ...nodes.flatMap(({ addresses }) => addresses),
];

const rangesOf = (config: ClusterConfig): readonly string[] => [
  ...config.underlayCidrs,
  ...config.podCidrs,
  ...config.serviceCidrs,
  ...config.loadBalancerPools,
];
