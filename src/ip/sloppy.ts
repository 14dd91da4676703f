// Addresses and prefixes as Kubernetes has always read them, so that what old clients have stored keeps its meaning:
// decimal parts with leading zeros (`010` is ten, CVE-2021-29923), IPv4 addresses in IPv6 clothes, host bits.
// Source: k8s.io/utils/net ParseIPSloppy, ParseCIDRSloppy.
import { type Address, parseAddress } from './address.ts';
import { parseInterfaceAddress } from './prefix.ts';

/** Any notation of an address; undefined if it is none. `::ffff:10.0.0.1` is 10.0.0.1. */
export const parseSloppyAddress = (text: string): Address | undefined => {
  const address = parseAddress(withoutLeadingZeros(text));
  return address && isMapped(address) ? unmapped(address) : address;
};

/** Any notation of an address with a prefix length. */
export const parseSloppyPrefix = (text: string): ReturnType<typeof parseInterfaceAddress> => {
  const [host = '', length = '', ...rest] = text.split('/');
  const parts = [withoutLeadingZeros(host), length.replace(/^0+(?=\d)/, ''), ...rest];
  const parsed = parseInterfaceAddress(parts.join('/'));
  if (!parsed || !isMapped(parsed.address) || parsed.length < MAPPED_BITS) return parsed;
  return { address: unmapped(parsed.address), length: parsed.length - MAPPED_BITS };
};

/** An IPv4 address as an IPv6 one, ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
export const isMapped = ({ family, value }: Address): boolean => family === 6 && value >> 32n === 0xffffn;

const MAPPED_BITS = 96;

const unmapped = ({ value }: Address): Address => ({ family: 4, value: value & 0xffff_ffffn });

const withoutLeadingZeros = (text: string): string =>
  text.replace(/(?<!\d)(?:\d+\.){3}\d+$/, (quad) => quad.replace(/\b0+(?=\d)/g, ''));
