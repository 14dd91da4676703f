// From Services to those that want an address of this controller, and the addresses that others have.
import { type Address, type Family, formatAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { Service } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { CLASS, type Claim, FINALIZER } from './state.ts';

export type AddressSnapshot = {
  /** The eldest Service first. */
  readonly claims: readonly Claim[];
  /** Addresses, in canonical form, that lead to a Service but are not this controller's to give. */
  readonly foreign: ReadonlySet<string>;
};

export const selectAddresses = (services: readonly Stored<Service>[]): AddressSnapshot => {
  const [own, others] = [services.filter(wantsAddress), services.filter((each) => !wantsAddress(each))];
  return {
    claims: own.sort(byAge).map(claimOf),
    foreign: new Set(
      [...services.flatMap(({ spec }) => addressesOf(spec?.externalIPs)), ...others.flatMap(heldBy)].map(
        formatAddress,
      ),
    ),
  };
};

/** Whether anything here looks at the Service: the index that the informer must have. */
export const concernsAddresses = (service: Stored<Service>): boolean =>
  service.spec?.type === 'LoadBalancer' ||
  hasFinalizer(service) ||
  (service.spec?.externalIPs?.length ?? 0) > 0;

export const hasFinalizer = ({ metadata }: Stored<Service>): boolean =>
  metadata.finalizers?.includes(FINALIZER) ?? false;

export const wantsAddress = ({ metadata, spec }: Stored<Service>): boolean =>
  spec?.type === 'LoadBalancer' &&
  (spec.loadBalancerClass ?? CLASS) === CLASS &&
  metadata.deletionTimestamp === undefined;

/** Whether the Service is, or was as a LoadBalancer, this controller's: the class goes with the type. */
export const isOwn = ({ spec }: Stored<Service>): boolean => (spec?.loadBalancerClass ?? CLASS) === CLASS;

const byAge = (a: Stored<Service>, b: Stored<Service>): number => (ageOf(a) < ageOf(b) ? -1 : 1);

const ageOf = (service: Stored<Service>): string => `${service.metadata.creationTimestamp} ${keyOf(service)}`;

const claimOf = (service: Stored<Service>): Claim => {
  const { ipFamilies = [], ipFamilyPolicy, loadBalancerIP } = service.spec ?? {};
  const [requested] = addressesOf(loadBalancerIP ? [loadBalancerIP] : []);
  return {
    key: keyOf(service),
    families: ipFamilies.map((family): Family => (family === 'IPv6' ? 6 : 4)),
    acceptsFewer: ipFamilyPolicy === 'PreferDualStack',
    requested: loadBalancerIP ? { text: loadBalancerIP, address: requested } : undefined,
    held: heldBy(service),
  };
};

const heldBy = ({ status }: Stored<Service>): readonly Address[] =>
  addressesOf((status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip));

const addressesOf = (texts: readonly string[] = []): readonly Address[] =>
  texts.flatMap((text) => parseSloppyAddress(text) ?? []);
