// The addresses of Services: those of all ready ServiceCIDRs that no IPAddress object stands for (KEP-1880). Nothing is
// kept here: the objects are the ledger, and a write sees them as they are.
import { formatAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { ServiceCIDR } from '../../k8s/generated/types.ts';
import { ipAddresses, serviceCidrs } from '../../k8s/resources.ts';
import { DEFAULT_SERVICE_CIDR, isReadyServiceCidr } from '../../k8s/service-addresses.ts';
import type { AdmissionContext } from '../kind.ts';
import { type AddressRange, addressRange, freeAddress, isUsable, rangeContains } from './address-range.ts';
import type { IpFamily } from './service-ranges.ts';

export type AddressLedger = {
  /** Why an address cannot be had, in kube-apiserver's words; undefined if it can. */
  readonly refusalOf: (ip: string) => string | undefined;
  /** A free one; undefined if all ranges are full. */
  readonly findFree: (family: IpFamily) => string | undefined;
};

/** For the length of one write. */
export const addressLedger = ({ get, list }: Pick<AdmissionContext, 'get' | 'list'>): AddressLedger => {
  const ready = list(serviceCidrs).filter(isReadyServiceCidr);
  const ranges = [...ready.filter(isDefault), ...ready.filter((cidr) => !isDefault(cidr))].flatMap(rangesOf);
  const isTaken = (ip: string): boolean => get(ipAddresses, ip) !== undefined;
  return {
    refusalOf: (text) => {
      const address = parseSloppyAddress(text)!;
      const own = ranges.filter((range) => rangeContains(range, address));
      if (own.length === 0) return 'the provided network does not match the current range';
      const ip = formatAddress(address);
      if (!own.some((range) => isUsable(range, address))) return outOf(own[0]!, ip);
      return isTaken(ip) ? 'provided IP is already allocated' : undefined;
    },
    findFree: (family) => {
      for (const range of ranges) {
        const ip = range.family === FAMILIES[family] ? freeAddress(range, isTaken) : undefined;
        if (ip !== undefined) return ip;
      }
      return undefined;
    },
  };
};

const rangesBySpec = new WeakMap<object, readonly AddressRange[]>();

/** Of one object they are computed once: stored objects never change. */
const rangesOf = ({ spec = {} }: Pick<ServiceCIDR, 'spec'>): readonly AddressRange[] => {
  const known = rangesBySpec.get(spec);
  if (known) return known;
  const ranges = (spec.cidrs ?? []).flatMap((cidr) => addressRange(cidr) ?? []);
  rangesBySpec.set(spec, ranges);
  return ranges;
};

/** Its ranges fill up before the others are touched. */
const isDefault = ({ metadata }: Pick<ServiceCIDR, 'metadata'>): boolean =>
  metadata?.name === DEFAULT_SERVICE_CIDR;

const FAMILIES = { IPv4: 4, IPv6: 6 } as const;

const outOf = ({ cidr }: AddressRange, ip: string): string =>
  `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${cidr}`;
