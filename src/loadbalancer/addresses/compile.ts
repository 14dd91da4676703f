// Who has which address of the pools. A whole recompute: load balancers are few. What a Service holds it keeps, as far
// as it may; the rest goes to the eldest first, so that who waits longest is served when an address comes free.
import { type Address, type Family, formatAddress } from '../../ip/address.ts';
import { type Prefix, formatPrefix, nthAddress, prefixContains, prefixSize } from '../../ip/prefix.ts';
import type { AddressSnapshot } from './select.ts';
import type { Claim, Grant } from './state.ts';

/** One grant for each claim, in the claims' order. Each family of a Service is looked at by itself. */
export const compileAddresses = (
  { claims, foreign }: AddressSnapshot,
  pools: readonly Prefix[],
): ReadonlyMap<string, Grant> => {
  const taken = new Set(foreign);
  const kept = new Map(claims.map((claim) => [claim, keep(claim, pools, taken)]));
  // what a Service may not keep is not given away before its status has let it go
  for (const address of claims.flatMap(({ held }) => held)) taken.add(formatAddress(address));
  return new Map(claims.map((claim) => [claim.key, complete(claim, kept.get(claim)!, pools, taken)]));
};

/** The addresses that a pool can give: of wide IPv4 ones not the first and the last, which some machines misread. */
const usable = (pool: Prefix): { readonly first: bigint; readonly last: bigint } => {
  const last = prefixSize(pool) - 1n;
  if (last < 3n) return { first: 0n, last };
  return { first: 1n, last: pool.family === 4 ? last - 1n : last };
};

type Kept = ReadonlyMap<Family, string>;

/** Takes from what the claim holds the first address of each family that it may keep. */
const keep = (claim: Claim, pools: readonly Prefix[], taken: Set<string>): Kept => {
  const kept = new Map<Family, string>();
  for (const address of claim.held) {
    const { family } = address;
    const text = formatAddress(address);
    const isWanted = claim.families.includes(family) && !kept.has(family) && isAsRequested(claim, address);
    if (!isWanted || taken.has(text) || !isInPools(address, pools)) continue;
    taken.add(text);
    kept.set(family, text);
  }
  return kept;
};

/** A request is for its own family only; one that cannot be for any leaves the Service without addresses. */
const isAsRequested = (claim: Claim, { family, value }: Address): boolean => {
  const wanted = claim.requested?.address;
  if (requestProblem(claim).length > 0) return false;
  return wanted?.family !== family || wanted.value === value;
};

const isInPools = (address: Address, pools: readonly Prefix[]): boolean =>
  pools.some((pool) => {
    const { first, last } = usable(pool);
    const index = address.value - pool.address.value;
    return prefixContains(pool, address) && index >= first && index <= last;
  });

const complete = (claim: Claim, kept: Kept, pools: readonly Prefix[], taken: Set<string>): Grant => {
  const ips: string[] = [];
  const problems = new Set(requestProblem(claim));
  for (const family of problems.size > 0 ? [] : claim.families) {
    const own = pools.filter((pool) => pool.family === family);
    if (own.length === 0 && claim.acceptsFewer && claim.families.length > 1) continue;
    const found = kept.get(family) ?? choose(claim, family, own, taken);
    if (typeof found === 'string') ips.push(found);
    else problems.add(found.problem);
  }
  return { ips, problems: [...problems] };
};

const requestProblem = ({ requested, families }: Claim): readonly string[] => {
  if (requested === undefined) return [];
  if (requested.address === undefined) return [`loadBalancerIP ${requested.text} is not an IP address`];
  const { family } = requested.address;
  return families.includes(family)
    ? []
    : [`loadBalancerIP ${requested.text} is not of a family of the Service (ipFamilies)`];
};

const choose = (
  { requested }: Claim,
  family: Family,
  pools: readonly Prefix[],
  taken: Set<string>,
): string | { readonly problem: string } => {
  if (pools.length === 0) return { problem: `there is no pool of IPv${family} addresses` };
  const wanted = requested?.address?.family === family ? requested.address : undefined;
  if (wanted && !isInPools(wanted, pools))
    return { problem: `loadBalancerIP ${formatAddress(wanted)} is not in the pools ${listOf(pools)}` };
  if (wanted && taken.has(formatAddress(wanted)))
    return { problem: `loadBalancerIP ${formatAddress(wanted)} is in use by another Service` };
  const text = wanted ? formatAddress(wanted) : lowestFree(pools, taken);
  if (text === undefined) return { problem: `no address is free in the pools ${listOf(pools)}` };
  taken.add(text);
  return text;
};

/** O(addresses that are taken). */
const lowestFree = (pools: readonly Prefix[], taken: ReadonlySet<string>): string | undefined => {
  for (const pool of pools) {
    const { first, last } = usable(pool);
    for (let index = first; index <= last; index++) {
      const text = formatAddress(nthAddress(pool, index));
      if (!taken.has(text)) return text;
    }
  }
  return undefined;
};

const listOf = (pools: readonly Prefix[]): string => pools.map(formatPrefix).join(', ');
