// The addresses at which a Service is reached from outside, apart from node ports.
import type { Family } from '../ip/address.ts';
import { formatPrefix, prefixContains, prefixOf } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';
import { parseSloppyPrefix } from '../ip/sloppy.ts';
import type { Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { virtualIpsOf } from './virtual-ip.ts';
import type { VirtualIp } from './virtual-ip.ts';

export type ExternalIp = VirtualIp & {
  /** The prefixes that clients must be in, of the address's family, none within another; undefined: no limit. */
  readonly allowed: readonly string[] | undefined;
};

/** Of two entries with the same address the load balancer's counts: it may have a limit. */
export const externalIpsOf = (
  service: Stored<Service>,
  families: ReadonlySet<Family>,
): readonly ExternalIp[] => {
  const unlimited = virtualIpsOf(service.spec?.externalIPs ?? []).map((ip) => ({
    ...ip,
    allowed: undefined,
  }));
  const all = [...unlimited, ...loadBalancerIpsOf(service)].filter(({ family }) => families.has(family));
  return [...new Map(all.map((ip) => [ip.address, ip])).values()];
};

/** KEP-1860: with ipMode Proxy the traffic must really go to the load balancer, so nodes leave the address alone. */
const loadBalancerIpsOf = ({ spec, status }: Stored<Service>): readonly ExternalIp[] => {
  if (spec?.type !== 'LoadBalancer') return [];
  const ingress = (status?.loadBalancer?.ingress ?? []).filter(({ ipMode }) => ipMode !== 'Proxy');
  const prefixes = prefixesOf(spec.loadBalancerSourceRanges ?? []);
  return virtualIpsOf(ingress.map(({ ip = '' }) => ip)).map((ip) => ({
    ...ip,
    allowed: limitOf(prefixes.filter(({ family }) => family === ip.family)),
  }));
};

/** Old objects may have spaces around ranges, leading zeros, and bits beyond their length. */
const prefixesOf = (texts: readonly string[]): readonly Prefix[] =>
  texts.flatMap((text) => {
    const parsed = parseSloppyPrefix(text.trim());
    return parsed ? [prefixOf(parsed.address, parsed.length)] : [];
  });

/** A family without ranges is not limited, as in kube-proxy, which looks at each family by itself. */
const limitOf = (prefixes: readonly Prefix[]): readonly string[] | undefined => {
  if (prefixes.length === 0 || prefixes.some(({ length }) => length === 0)) return undefined;
  return [...new Set(outermost(prefixes).map(formatPrefix))].sort();
};

/** Prefixes nest or are disjoint, but the kernel takes no interval within another. */
const outermost = (prefixes: readonly Prefix[]): readonly Prefix[] =>
  prefixes.filter(
    (inner) => !prefixes.some((outer) => outer.length < inner.length && prefixContains(outer, inner.address)),
  );
