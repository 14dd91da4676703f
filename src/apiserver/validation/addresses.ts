// Rules for IP addresses and prefixes (k8s.io/apimachinery/pkg/util/validation/ip.go; strict since Kubernetes 1.36).
import { type Address, type Family, parseAddress } from '../../ip/address.ts';
import { parseInterfaceAddress, parsePrefix, prefixContains, prefixOf } from '../../ip/prefix.ts';
import { invalid } from '../../k8s/field-errors.ts';
import { type FieldErrors, when } from './compose.ts';

const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const MAPPED = parsePrefix('::ffff:0:0/96')!;

/** Any notation of an address, but without leading zeros and not an IPv4 address in IPv6 clothes. */
export const ipAddress = (text: string, path: string): FieldErrors => {
  const address = parseAddress(text);
  if (!address) return [invalid(path, text, hasLeadingZeros(text) ? 'must not have leading 0s' : NO_ADDRESS)];
  return when(prefixContains(MAPPED, address), () =>
    invalid(path, text, 'must not be an IPv4-mapped IPv6 address'),
  );
};

export const ipAddressOfFamily = (text: string, family: Family, path: string): FieldErrors => {
  const errors = ipAddress(text, path);
  if (errors.length > 0) return errors;
  return when(parseAddress(text)!.family !== family, () =>
    invalid(path, text, `must be an IPv${family} address`),
  );
};

/** Without the leading zeros it would be an IPv4 address. */
const hasLeadingZeros = (text: string): boolean =>
  /^[\d.]+$/.test(text) && parseAddress(text.replace(/\b0+(?=\d)/g, '')) !== undefined;

export const ipPrefix = (text: string, path: string): FieldErrors => {
  const parsed = parseInterfaceAddress(text);
  if (!parsed)
    return [invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  const isExact = prefixOf(parsed.address, parsed.length).address.value === parsed.address.value;
  return when(!isExact, () => invalid(path, text, 'must not have bits set beyond the prefix length'));
};

const inAny = (address: Address, ...prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => prefixContains(parsePrefix(prefix)!, address));

/** No address that means something else on each machine. Says nothing about a text that is no address. */
export const reachableAddress = (text: string, path: string): FieldErrors => {
  const address = parseAddress(text);
  if (!address) return [];
  const wrong = (holds: boolean, detail: string): FieldErrors =>
    when(holds, () => invalid(path, text, detail));
  return [
    ...wrong(address.value === 0n, `may not be unspecified (${text})`),
    ...wrong(
      inAny(address, '127.0.0.0/8', '::1/128'),
      'may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ),
    ...wrong(
      inAny(address, '169.254.0.0/16', 'fe80::/10'),
      'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ),
    ...wrong(
      inAny(address, '224.0.0.0/24', 'ff02::/16'),
      'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ),
  ];
};

/** Two texts of different families, one each. */
export const isDualStack = (texts: readonly string[]): boolean =>
  new Set(texts.map((text) => (text.includes(':') ? 6 : 4))).size === 2;
