// Rules for IP addresses and prefixes (k8s.io/apimachinery/pkg/util/validation/ip.go; strict since Kubernetes 1.36).
import { type Address, type Family, formatAddress, parseAddress } from '../../ip/address.ts';
import {
  type Prefix,
  formatPrefix,
  parseInterfaceAddress,
  parsePrefix,
  prefixContains,
} from '../../ip/prefix.ts';
import { isMapped, parseSloppyAddress, parseSloppyPrefix } from '../../ip/sloppy.ts';
import { invalid } from '../../k8s/field-errors.ts';
import type { Findings } from '../../k8s/name-rules.ts';
import { type FieldErrors, when } from './compose.ts';

const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const NO_PREFIX = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** What is wrong with an address in any notation: leading zeros, and IPv4 addresses in IPv6 clothes, are. */
const looseFindings = (text: string): Findings => {
  const address = parseAddress(text);
  if (!address) return [parseSloppyAddress(text) ? 'must not have leading 0s' : NO_ADDRESS];
  return isMapped(address) ? ['must not be an IPv4-mapped IPv6 address'] : [];
};

/** What is wrong with an address that has to be in canonical form (RFC 5952). */
export const canonicalAddressFindings = (text: string): Findings => {
  const findings = looseFindings(text);
  const canonical = findings.length === 0 ? formatAddress(parseAddress(text)!) : text;
  return canonical === text ? findings : [`must be in canonical form ("${canonical}")`];
};

const loosePrefixFindings = (text: string): Findings => {
  const parsed = parseInterfaceAddress(text);
  if (!parsed)
    return [parseSloppyPrefix(text) ? 'must not have leading 0s in IP or prefix length' : NO_PREFIX];
  if (isMapped(parsed.address)) return ['must not have an IPv4-mapped IPv6 address'];
  return parsePrefix(text) ? [] : ['must not have bits set beyond the prefix length'];
};

const canonicalPrefixFindings = (text: string): Findings => {
  const findings = loosePrefixFindings(text);
  const canonical = findings.length === 0 ? formatPrefix(parsePrefix(text)!) : text;
  return canonical === text ? findings : [`must be in canonical form ("${canonical}")`];
};

const refuse = (text: string, path: string, findings: Findings): FieldErrors =>
  findings.map((finding) => invalid(path, text, finding));

/** What is wrong with a text that is to be an address or a prefix. */
export type AddressRule = (text: string, path: string) => FieldErrors;

export const ipAddress: AddressRule = (text, path) => refuse(text, path, looseFindings(text));

/** For fields that are older than the strict rules: what the object has already may stay as it is (KEP-4858). */
export const unlessKnown = (known: readonly string[] | undefined, rule: AddressRule): AddressRule => {
  const all = new Set(known);
  return (text, path) => (all.has(text) ? [] : rule(text, path));
};

const ofFamily =
  (family: Family): AddressRule =>
  (text, path) => {
    const errors = ipAddress(text, path);
    if (errors.length > 0) return errors;
    return when(parseAddress(text)!.family !== family, () =>
      invalid(path, text, `must be an IPv${family} address`),
    );
  };

export const ipv4Address = ofFamily(4);
export const ipv6Address = ofFamily(6);

export const ipPrefix = (text: string, path: string): FieldErrors =>
  refuse(text, path, loosePrefixFindings(text));

export const canonicalPrefix = (text: string, path: string): FieldErrors =>
  refuse(text, path, canonicalPrefixFindings(text));

const prefixes = (...texts: readonly string[]): readonly Prefix[] => texts.map((text) => parsePrefix(text)!);

const LOOPBACK = prefixes('127.0.0.0/8', '::1/128');
const LINK_LOCAL = prefixes('169.254.0.0/16', 'fe80::/10');
const LINK_LOCAL_MULTICAST = prefixes('224.0.0.0/24', 'ff02::/16');

const inAny = (address: Address, ranges: readonly Prefix[]): boolean =>
  ranges.some((range) => prefixContains(range, address));

/** No address that means something else on each machine. Says nothing about a text that is no address. */
export const reachableAddress = (text: string, path: string): FieldErrors => {
  const address = parseSloppyAddress(text);
  if (!address) return [];
  const wrong = (holds: boolean, detail: string): FieldErrors =>
    when(holds, () => invalid(path, text, detail));
  return [
    ...wrong(address.value === 0n, `may not be unspecified (${text})`),
    ...wrong(inAny(address, LOOPBACK), 'may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ...wrong(inAny(address, LINK_LOCAL), 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'),
    ...wrong(
      inAny(address, LINK_LOCAL_MULTICAST),
      'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ),
  ];
};

/** Two texts of different families, one each. */
export const isDualStack = (texts: readonly string[]): boolean =>
  new Set(texts.map((text) => (text.includes(':') ? 6 : 4))).size === 2;
