// The cluster IPs of a Service: one for each of its families, as it asks or any.
import type { FieldError } from '../../k8s/field-error.ts';
import { invalid } from '../../k8s/field-errors.ts';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { type KubeObject, keyOf } from '../../k8s/objects.ts';
import { ipAddresses } from '../../k8s/resources.ts';
import { addressNamesOf, clusterIpsOf, ipAddressOf, serviceKeyOf } from '../../k8s/service-addresses.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext, Companion, Draft } from '../kind.ts';
import { ipAddressKind } from '../kinds/networking/ip-address.ts';
import { internal } from '../status-errors.ts';
import type { AddressLedger } from './address-ledger.ts';
import { isHeadless } from './ip-families.ts';
import type { IpFamily } from './service-ranges.ts';

/** Fills in what `spec` lacks compared with `before`. Throws ApiError 500 when all ranges are full. */
export const chooseClusterIps = (
  spec: Mutable<ServiceSpec>,
  before: ServiceSpec | undefined,
  ledger: AddressLedger,
): readonly FieldError[] => {
  if (spec.type === 'ExternalName' || isHeadless(spec)) return [];
  const owned = new Set(clusterIpsOf({ spec: before }));
  const ips = [...(spec.clusterIPs ?? [])];
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (ips[index] && owned.has(ips[index])) continue;
    const refusal = ips[index] && ledger.refusalOf(ips[index]);
    if (refusal)
      return [invalid('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${ips[index]}: ${refusal}`)];
    ips[index] ||= anyOf(family as IpFamily, ledger);
  }
  if (ips.length > 0) [spec.clusterIP, spec.clusterIPs] = [ips[0], ips];
  return [];
};

const anyOf = (family: IpFamily, ledger: AddressLedger): string => {
  const ip = ledger.findFree(family);
  if (ip === undefined) throw internal('failed to allocate a serviceIP: range is full');
  return ip;
};

/** The IPAddress objects that come and go with a write: one for each address that the Service gains or loses. */
export const addressCompanions = (
  after: Mutable<Service> | undefined,
  before: Service | undefined,
  context: Pick<AdmissionContext, 'get'>,
): readonly Companion[] => {
  if (textOf(after) === textOf(before)) return [];
  const [gained, lost] = [namesOf(after), namesOf(before)];
  const isOwn = (name: string): boolean => {
    const address = context.get(ipAddresses, name);
    return address !== undefined && serviceKeyOf(address) === keyOf(before!);
  };
  return [
    ...[...gained.difference(lost)].map((name) => ({
      action: 'create' as const,
      kind: ipAddressKind,
      draft: ipAddressOf(name, after as KubeObject) as Draft,
    })),
    ...[...lost.difference(gained)].filter(isOwn).map((key) => ({
      action: 'remove' as const,
      kind: ipAddressKind,
      key,
    })),
  ];
};

const textOf = (service: Mutable<Service> | Service | undefined): string =>
  service ? clusterIpsOf(service as Service).join() : '';

const namesOf = (service: Mutable<Service> | Service | undefined): ReadonlySet<string> =>
  new Set(service ? addressNamesOf(service as Service) : []);
