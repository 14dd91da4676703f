// The cluster's pools that Services draw from: an address range for each family, and the node ports.
import type { Address, Family } from '../../ip/address.ts';
import { bitsOf, formatAddress, parseAddress } from '../../ip/address.ts';
import { type Prefix, parsePrefix, prefixSize } from '../../ip/prefix.ts';
import { type NumberPool, createNumberPool, lowerBandSize } from './number-pool.ts';

export type ServiceRanges = {
  /** IPv4 and IPv6, the cluster's first family first. */
  readonly serviceCidrs: readonly [string, string];
  readonly nodePortRange: { readonly first: number; readonly last: number };
};

export type IpFamily = 'IPv4' | 'IPv6';

export type Taken = 'taken' | 'in use' | 'out of range';

/** One of the pools. */
export type Pool<Name> = {
  /** What the range is called in messages. */
  readonly range: string;
  readonly take: (name: Name) => Taken;
  readonly takeAny: () => Name | undefined;
  readonly release: (name: Name) => void;
};

export type ServicePools = {
  readonly families: readonly IpFamily[];
  readonly ips: Readonly<Record<IpFamily, Pool<string>>>;
  readonly nodePorts: Pool<number>;
};

export const createServicePools = ({ serviceCidrs, nodePortRange }: ServiceRanges): ServicePools => {
  const prefixes = serviceCidrs.map((cidr) => requirePrefix(cidr));
  const families = prefixes.map(({ family }) => ipFamilyOf(family));
  const pools = prefixes.map((prefix, index) => [
    families[index]!,
    createIpPool(prefix, serviceCidrs[index]!),
  ]);
  return {
    families,
    ips: Object.fromEntries(pools) as Record<IpFamily, Pool<string>>,
    nodePorts: createPortPool(nodePortRange),
  };
};

const requirePrefix = (cidr: string): Prefix => {
  const prefix = parsePrefix(cidr);
  if (!prefix) throw new RangeError(`${cidr} is no address range for Services`);
  return prefix;
};

const ipFamilyOf = (family: Family): IpFamily => (family === 4 ? 'IPv4' : 'IPv6');

/** Of a huge IPv6 range only so many addresses are used: offsets stay exact numbers. */
const MAX_ADDRESSES = 2n ** 32n;

/** Without the range's own address and, in IPv4, without the broadcast address. */
const createIpPool = (prefix: Prefix, range: string): Pool<string> => {
  const size = prefixSize(prefix) < MAX_ADDRESSES ? prefixSize(prefix) : MAX_ADDRESSES;
  const last = Number(size) - (prefix.family === 4 ? 2 : 1);
  const pool = createNumberPool({ first: 1, last, lowerSize: lowerBandSize(Number(size), 16, 256) });
  const base = prefix.address.value;
  return namedPool(pool, range, {
    numberOf: (text) => offsetOf(prefix, parseAddress(text)),
    nameOf: (offset) => formatAddress({ family: prefix.family, value: base + BigInt(offset) }),
  });
};

/** -1 for any address outside: no pool has it. */
const offsetOf = (prefix: Prefix, address: Address | undefined): number => {
  if (!address || bitsOf(address.family) !== bitsOf(prefix.family)) return -1;
  return Number(address.value - prefix.address.value);
};

const createPortPool = ({ first, last }: ServiceRanges['nodePortRange']): Pool<number> => {
  const pool = createNumberPool({ first, last, lowerSize: lowerBandSize(last - first + 1, 32, 128) });
  return namedPool(pool, `${first}-${last}`, { numberOf: (port) => port, nameOf: (port) => port });
};

type Naming<Name> = {
  readonly numberOf: (name: Name) => number;
  readonly nameOf: (number: number) => Name;
};

const namedPool = <Name>(pool: NumberPool, range: string, naming: Naming<Name>): Pool<Name> => ({
  range,
  take: (name) => {
    const number = naming.numberOf(name);
    if (!pool.isInRange(number)) return 'out of range';
    return pool.take(number) ? 'taken' : 'in use';
  },
  takeAny: () => {
    const number = pool.takeAny();
    return number === undefined ? undefined : naming.nameOf(number);
  },
  release: (name) => pool.release(naming.numberOf(name)),
});
