// IP addresses and CIDRs (k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go): strict texts, no zones, no IPv4 in IPv6.
import { addressToBytes, bitsOf, formatAddress, parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { formatPrefix, parseInterfaceAddress, prefixContains, prefixOf } from '../../ip/prefix.ts';
import { isMapped } from '../../ip/sloppy.ts';
import { ONE, PER_CHARACTER, reads } from '../cost/model.ts';
import type { CostModel } from '../cost/model.ts';
import { add, exactly, scale } from '../cost/range.ts';
import { CelError, Opaque, sizeOf } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

/** An address with a length, its host bits kept. */
type Cidr = { readonly address: Address; readonly length: number };
type IpValue = Opaque<Address>;
type CidrValue = Opaque<Cidr>;

export const IP = 'net.IP';
export const CIDR = 'net.CIDR';

const bytesOf = ({ family }: Address): number => bitsOf(family) / 8;

const sameAddress = (a: Address, b: Address): boolean => a.family === b.family && a.value === b.value;

const ipValue = (address: Address): IpValue =>
  new Opaque(IP, address, (other) => sameAddress(address, other), bytesOf(address));

const cidrValue = (cidr: Cidr): CidrValue =>
  new Opaque(
    CIDR,
    cidr,
    (other) => cidr.length === other.length && sameAddress(cidr.address, other.address),
    Math.ceil(cidr.length / 8),
  );

const quoted = (text: string): string => JSON.stringify(text);

const parseIp = (text: string): Address | string => {
  if (text.includes('%')) return `IP address ${quoted(text)} with zone value is not allowed`;
  const address = parseAddress(text);
  if (!address)
    return `IP Address ${quoted(text)} parse error during conversion from string: ParseAddr(${quoted(text)}): unable to parse IP`;
  return isMapped(address) ? `IPv4-mapped IPv6 address ${quoted(text)} is not allowed` : address;
};

const parseCidr = (text: string): Cidr | string => {
  const cidr = parseInterfaceAddress(text);
  if (!cidr)
    return `network address parse error during conversion from string: netip.ParsePrefix(${quoted(text)}): no valid prefix`;
  return isMapped(cidr.address) ? `IPv4-mapped IPv6 address ${quoted(text)} is not allowed` : cidr;
};

const toIp = (text: string): IpValue => {
  const parsed = parseIp(text);
  if (typeof parsed === 'string') throw new CelError(parsed);
  return ipValue(parsed);
};

const toCidr = (text: string): CidrValue => {
  const parsed = parseCidr(text);
  if (typeof parsed === 'string')
    throw new CelError(`network address parse error during conversion from string: ${parsed}`);
  return cidrValue(parsed);
};

const isCanonical = (text: string): boolean => formatAddress(toIp(text).data) === text;

const isIn = (address: Address, length: number, network: bigint): boolean =>
  address.value >> BigInt(bitsOf(address.family) - length) === network;

type Test = (address: Address) => boolean;

const firstByte = (address: Address): number => addressToBytes(address)[0]!;
const isUnspecified: Test = ({ value }) => value === 0n;
const isLoopback: Test = (address) =>
  address.family === 4 ? firstByte(address) === 127 : address.value === 1n;
const isMulticast: Test = (address) =>
  address.family === 4 ? isIn(address, 4, 0xen) : firstByte(address) === 0xff;
const isLinkLocalUnicast: Test = (address) =>
  address.family === 4 ? isIn(address, 16, 0xa9fen) : isIn(address, 10, 0x3fan);
const isLinkLocalMulticast: Test = (address) =>
  address.family === 4
    ? isIn(address, 24, 0xe00000n)
    : addressToBytes(address)[0] === 0xff && (addressToBytes(address)[1]! & 0xf) === 2;
const isGlobalUnicast: Test = (address) =>
  !isUnspecified(address) &&
  !(address.family === 4 && address.value === 0xffffffffn) &&
  !isLoopback(address) &&
  !isMulticast(address) &&
  !isLinkLocalUnicast(address);

const containsIp = ({ data }: CidrValue, ip: IpValue): boolean =>
  prefixContains(prefixOf(data.address, data.length), ip.data);

const containsCidr = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.data.length <= inner.data.length &&
  prefixContains(prefixOf(outer.data.address, outer.data.length), inner.data.address);

const textOf = ({ data }: CidrValue): string => formatPrefix({ family: data.address.family, ...data });

const masked = ({ data }: CidrValue): CidrValue =>
  cidrValue({ ...data, address: prefixOf(data.address, data.length).address });

/** The network's bytes are read twice, a text beside them once; a CIDR within is masked and read again. */
const contains = (isCidr: boolean, isText: boolean): CostModel => {
  const bytes = { min: 4, max: 16 };
  return {
    actual: ([cidr, other]) => {
      const size = sizeOf(cidr!);
      const within = isCidr ? Math.ceil(size * PER_CHARACTER) + 1 : 0;
      return (
        Math.ceil(2 * size * PER_CHARACTER) +
        within +
        (isText ? Math.ceil(sizeOf(other!) * PER_CHARACTER) : 0)
      );
    },
    estimate: ([, other]) => ({
      cost: add(
        scale(add(bytes, bytes), PER_CHARACTER),
        ...(isCidr ? [scale(bytes, PER_CHARACTER), exactly(1)] : []),
        ...(isText ? [scale(other!.size, PER_CHARACTER)] : []),
      ),
    }),
  };
};

const test = (name: string, id: string, holds: Test): Overload =>
  overload(name, id, `${IP}.() -> bool`, ({ data }: IpValue) => holds(data));

export const NETWORK: readonly Overload[] = [
  overload('ip', 'string_to_ip', `(string) -> ${IP}`, toIp, reads(0)),
  overload(
    'isIP',
    'is_ip',
    '(string) -> bool',
    (text: string) => typeof parseIp(text) !== 'string',
    reads(0),
  ),
  overload(
    'ip.isCanonical',
    'ip_is_canonical',
    '(string) -> bool',
    isCanonical,
    reads(0, { factor: 2 * PER_CHARACTER }),
  ),
  overload('family', 'ip_family', `${IP}.() -> int`, ({ data }: IpValue) => BigInt(data.family)),
  test('isUnspecified', 'ip_is_unspecified', isUnspecified),
  test('isLoopback', 'ip_is_loopback', isLoopback),
  test('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
  test('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
  test('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  overload('string', 'ip_to_string', `(${IP}) -> string`, ({ data }: IpValue) => formatAddress(data)),
  overload('cidr', 'string_to_cidr', `(string) -> ${CIDR}`, toCidr, reads(0)),
  overload(
    'isCIDR',
    'is_cidr',
    '(string) -> bool',
    (text: string) => typeof parseCidr(text) !== 'string',
    reads(0),
  ),
  overload(
    'containsIP',
    'cidr_contains_ip_string',
    `${CIDR}.(string) -> bool`,
    (cidr: CidrValue, text: string) => containsIp(cidr, toIp(text)),
    contains(false, true),
  ),
  overload(
    'containsIP',
    'cidr_contains_ip_ip',
    `${CIDR}.(${IP}) -> bool`,
    containsIp,
    contains(false, false),
  ),
  overload(
    'containsCIDR',
    'cidr_contains_cidr_string',
    `${CIDR}.(string) -> bool`,
    (cidr: CidrValue, text: string) => containsCidr(cidr, toCidr(text)),
    contains(true, true),
  ),
  overload(
    'containsCIDR',
    'cidr_contains_cidr',
    `${CIDR}.(${CIDR}) -> bool`,
    containsCidr,
    contains(true, false),
  ),
  overload('ip', 'cidr_ip', `${CIDR}.() -> ${IP}`, ({ data }: CidrValue) => ipValue(data.address), ONE),
  overload('prefixLength', 'cidr_prefix_length', `${CIDR}.() -> int`, ({ data }: CidrValue) =>
    BigInt(data.length),
  ),
  overload('masked', 'cidr_masked', `${CIDR}.() -> ${CIDR}`, masked),
  overload('string', 'cidr_to_string', `(${CIDR}) -> string`, textOf),
];
