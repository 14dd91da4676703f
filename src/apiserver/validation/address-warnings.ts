// What Kubernetes says about addresses that it takes but would rather see written otherwise (k8s.io/apimachinery
// pkg/util/validation/ip.go GetWarningsForIP, GetWarningsForCIDR).
import { bitsOf, formatAddress, parseAddress } from '../../ip/address.ts';
import { formatPrefix, parseInterfaceAddress, prefixOf } from '../../ip/prefix.ts';
import { isMapped, parseSloppyAddress, parseSloppyPrefix } from '../../ip/sloppy.ts';

export const addressWarnings = (path: string, text: string): readonly string[] => {
  const address = parseSloppyAddress(text);
  if (!address) return [];
  const [canonical, strict] = [formatAddress(address), parseAddress(text)];
  if (!strict || isMapped(strict))
    return [`${path}: non-standard IP address "${text}" is invalid: use "${canonical}"`];
  return strict.family === 6 && canonical !== text
    ? [`${path}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${canonical}")`]
    : [];
};

export const prefixWarnings = (path: string, text: string): readonly string[] => {
  const parsed = parseSloppyPrefix(text);
  if (!parsed) return [];
  const { address, length } = parsed;
  const [prefix, strict] = [prefixOf(address, length), parseInterfaceAddress(text)];
  const [canonical, single] = [formatPrefix(prefix), `${formatAddress(address)}/${bitsOf(address.family)}`];
  const warnings = [
    ...(prefix.address.value === address.value
      ? []
      : [
          `${path}: CIDR value "${text}" is ambiguous in this context (should be "${canonical}" or "${single}"?)`,
        ]),
    ...(strict && !isMapped(strict.address)
      ? []
      : [`${path}: non-standard CIDR value "${text}" is invalid: use "${canonical}"`]),
  ];
  return warnings.length === 0 && address.family === 6 && canonical !== text
    ? [`${path}: IPv6 CIDR value "${text}" should be in RFC 5952 canonical format ("${canonical}")`]
    : warnings;
};
