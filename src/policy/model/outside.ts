// One address for each part of the outside that the policies of a world tell apart.
import type { Address, Family } from '../../ip/address.ts';
import { formatPrefix, prefixContains, prefixSize } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import type { Peer, PolicyRules } from './rules.ts';

export type OutsidePlace = { readonly name: string; readonly addresses: readonly Address[] };

const networksOf = (policies: readonly PolicyRules[]): readonly Extract<Peer, { kind: 'network' }>[] =>
  peersOf(policies).filter((peer) => peer.kind === 'network');

export const peersOf = (policies: readonly PolicyRules[]): readonly Peer[] =>
  policies
    .flatMap(({ ingress = [], egress = [] }) => [...ingress, ...egress])
    .flatMap(({ peers }) => (peers === 'any' ? [] : peers));

/**
 * An address in each block and each exception that the policies name, but in none inside of it, and one of each family in
 * no block at all. A block that others fill entirely has none.
 */
export const outsidePlaces = (
  policies: readonly PolicyRules[],
  families: readonly Family[],
): readonly OutsidePlace[] => {
  const named = networksOf(policies).flatMap(({ cidr, except }) => [cidr, ...except]);
  const prefixes = new Map(named.map((prefix) => [formatPrefix(prefix), prefix]));
  const addressIn = (prefix: Prefix): Address | undefined =>
    addressBetween(
      prefix,
      [...prefixes.values()].filter(
        (other) => other.length > prefix.length && prefixContains(prefix, other.address),
      ),
    );
  const unnamed = families.map(wholeOf).filter((whole) => !prefixes.has(formatPrefix(whole)));
  const places = [...prefixes.values()]
    .filter(({ family }) => families.includes(family))
    .map((prefix) => ({ name: formatPrefix(prefix), addresses: [addressIn(prefix)] }));
  const rest = { name: restName(unnamed, families), addresses: unnamed.map(addressIn) };
  return [...places, rest]
    .map(({ name, addresses }) => ({ name, addresses: addresses.filter((address) => address !== undefined) }))
    .filter(({ addresses }) => addresses.length > 0);
};

const restName = (unnamed: readonly Prefix[], families: readonly Family[]): string =>
  unnamed.length === families.length
    ? 'outside'
    : `outside (IPv${unnamed.map(({ family }) => family).join()})`;

const wholeOf = (family: Family): Prefix => ({ family, address: { family, value: 0n }, length: 0 });

/** The first address of the prefix that none of the others, all inside of it, has. */
const addressBetween = (
  { family, address, length }: Prefix,
  inside: readonly Prefix[],
): Address | undefined => {
  const end = address.value + prefixSize({ family, address, length });
  let value = address.value;
  const ordered = inside.toSorted((a, b) => (a.address.value < b.address.value ? -1 : 1));
  for (const prefix of ordered) {
    if (value < prefix.address.value) break;
    const after = prefix.address.value + prefixSize(prefix);
    if (after > value) value = after;
  }
  return value < end ? { family, value } : undefined;
};
