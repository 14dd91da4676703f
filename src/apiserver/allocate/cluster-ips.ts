// The cluster IPs of a Service: one for each of its families, as it asks or any.
import type { FieldError } from '../../k8s/field-error.ts';
import type { ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from '../defaults/mutable.ts';
import { invalid } from '../../k8s/field-errors.ts';
import { isHeadless } from './ip-families.ts';
import { rangeIsFull } from './range-is-full.ts';
import type { IpFamily, Pool, ServicePools } from './service-pools.ts';
import type { Transaction } from './transaction.ts';

const hasClusterIps = (spec: ServiceSpec): boolean => spec.type !== 'ExternalName' && !isHeadless(spec);

/** The addresses that a stored Service owns. */
export const ownedClusterIps = (spec: ServiceSpec | undefined): readonly string[] =>
  spec && hasClusterIps(spec) ? (spec.clusterIPs ?? []).filter((ip) => ip !== '') : [];

export const poolOf = (pools: ServicePools, ip: string): Pool<string> =>
  pools.ips[ip.includes(':') ? 'IPv6' : 'IPv4'];

/** Takes what `spec` lacks compared with `before`, gives back what it no longer has. O(addresses). */
export const allocateClusterIps = (
  spec: Mutable<ServiceSpec>,
  before: ServiceSpec | undefined,
  pools: ServicePools,
  transaction: Transaction,
): readonly FieldError[] => {
  const owned = new Set(ownedClusterIps(before));
  const ips = hasClusterIps(spec) ? [...(spec.clusterIPs ?? [])] : [];
  const families = hasClusterIps(spec) ? (spec.ipFamilies ?? []) : [];
  for (const [index, family] of families.entries()) {
    if (ips[index] && owned.has(ips[index])) continue;
    const pool = pools.ips[family as IpFamily];
    const taken = ips[index] ? takeAsked(spec, ips[index], pool, transaction) : takeAny(pool, transaction);
    if (typeof taken !== 'string') return [taken];
    ips[index] = taken;
  }
  if (families.length > 0) [spec.clusterIP, spec.clusterIPs] = [ips[0], ips];
  for (const ip of owned) if (!ips.includes(ip)) transaction.release(poolOf(pools, ip), ip);
  return [];
};

const takeAsked = (
  spec: ServiceSpec,
  ip: string,
  pool: Pool<string>,
  transaction: Transaction,
): string | FieldError => {
  const taken = transaction.take(pool, ip);
  if (taken === 'taken') return ip;
  const why =
    taken === 'in use'
      ? 'provided IP is already allocated'
      : `provided IP is not in the valid range. The range of valid IPs is ${pool.range}`;
  return invalid('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${ip}: ${why}`);
};

const takeAny = (pool: Pool<string>, transaction: Transaction): string => {
  const ip = transaction.takeAny(pool);
  if (ip === undefined) throw rangeIsFull('serviceIP');
  return ip;
};
