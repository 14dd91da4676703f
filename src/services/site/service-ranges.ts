// The ranges of Services' addresses: those of the cluster's plan, and those that come and go as ServiceCIDR objects
// (KEP-1880).
import { formatPrefix, parsePrefix, prefixContains, prefixesOverlap } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';

export type ServiceRangesPlan = {
  readonly planned: readonly string[];
  /** In no range that comes later: whoever took them for Services' would cut off pods and nodes. */
  readonly pods: readonly string[];
  readonly nodeAddresses: readonly string[];
};

/** The ranges where an address that no Service has leads nowhere; sorted, none within another. */
export const serviceRanges = (
  { planned, pods, nodeAddresses }: ServiceRangesPlan,
  later: readonly string[],
): readonly string[] => {
  const others = [...pods, ...nodeAddresses.map(hostPrefix)].flatMap(prefixOf);
  const harmless = later
    .flatMap(prefixOf)
    .filter((range) => !others.some((other) => prefixesOverlap(range, other)));
  const widestFirst = [...planned.flatMap(prefixOf), ...harmless].sort((a, b) => a.length - b.length);
  const kept: Prefix[] = [];
  for (const range of widestFirst) if (!kept.some((wider) => isWithin(range, wider))) kept.push(range);
  return kept.map(formatPrefix).sort();
};

const prefixOf = (text: string): readonly Prefix[] => {
  const prefix = parsePrefix(text);
  return prefix ? [prefix] : [];
};

const hostPrefix = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;

const isWithin = (range: Prefix, wider: Prefix): boolean =>
  wider.length <= range.length && prefixContains(wider, range.address);
