// Where the ledger of Service addresses is wrong: for each cluster IP of a Service there is one IPAddress that names the
// Service, and for each IPAddress of the allocator a Service that has it. Pure.
// Source, messages included: kubernetes pkg/registry/core/service/ipallocator/controller/repairip.go (1.36).
import { formatAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { IPAddress, Service } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import {
  addressNamesOf,
  clusterIpsOf,
  hasAllocatorsLabels,
  isAllocators,
  serviceKeyOf,
} from '../../k8s/service-addresses.ts';
import { parseTime } from '../../k8s/time.ts';

export type Finding = {
  /** Undefined: not worth an event. */
  readonly event?: { readonly reason: string; readonly message: string };
  readonly repair: Repair;
};

export type Repair =
  | { readonly kind: 'create' | 'recreate'; readonly ip: string }
  | { readonly kind: 'delete' | 'none' };

/** The state that a Service is checked against. */
export type Ledger = {
  readonly address: (ip: string) => Stored<IPAddress> | undefined;
  readonly service: (key: string) => Stored<Service> | undefined;
  readonly isInRange: (ip: string) => boolean;
};

/** Empty when all is well. */
export const findingsOfService = (service: Stored<Service>, ledger: Ledger): readonly Finding[] =>
  clusterIpsOf(service).flatMap((text) => {
    const address = parseSloppyAddress(text);
    if (!address)
      return [
        warning('ClusterIPNotValid', `Cluster IP ${text} is not a valid IP; please recreate Service`, {
          kind: 'none',
        }),
      ];
    const ip = formatAddress(address);
    return findingOfClusterIp(service, { ip, label: `[IPv${address.family}]` }, ledger) ?? [];
  });

type ClusterIp = { readonly ip: string; readonly label: string };

const findingOfClusterIp = (
  service: Stored<Service>,
  { ip, label }: ClusterIp,
  ledger: Ledger,
): Finding | undefined => {
  const address = ledger.address(ip);
  if (!ledger.isInRange(ip))
    return warning(
      'ClusterIPOutOfRange',
      `Cluster IP ${label}: ${ip} is not within any configured Service CIDR; please recreate service`,
      { kind: 'none' },
    );
  if (!address)
    return warning('ClusterIPNotAllocated', `Cluster IP ${label}: ${ip} is not allocated; repairing`, {
      kind: 'create',
      ip,
    });
  const owner = serviceKeyOf(address);
  if (owner !== keyOf(service)) return wrongOwner(service, { ip, label }, owner, ledger);
  return hasAllocatorsLabels(address) ? undefined : { repair: { kind: 'recreate', ip } };
};

/** Two Services with one address: the IPAddress stays with the one that it names. */
const wrongOwner = (
  service: Stored<Service>,
  { ip, label }: ClusterIp,
  owner: string | undefined,
  ledger: Ledger,
): Finding => {
  const other = owner === undefined ? undefined : ledger.service(owner);
  if (other && hasAddress(other, ip))
    return warning(
      'ClusterIPAlreadyAllocated',
      `Cluster IP ${label}:${ip} was assigned to multiple services; please recreate service`,
      { kind: 'none' },
    );
  return warning(
    'ClusterIPNotAllocated',
    `the ClusterIP ${label}: ${ip} for Service ${keyOf(service)} has a wrong reference; repairing`,
    { kind: 'recreate', ip },
  );
};

/** Most Services write their addresses in canonical form: others cost more to compare. */
const hasAddress = (service: Stored<Service>, name: string): boolean =>
  clusterIpsOf(service).includes(name) || addressNamesOf(service).includes(name);

/** An address comes a little before its Service where they are written one after the other. */
const GRACE_MS = 60_000;

/** `afterMs`: nothing is wrong yet, look again then. */
export const findingOfAddress = (
  address: Stored<IPAddress>,
  service: Stored<Service> | undefined,
  nowMs: number,
): Finding | { readonly afterMs: number } | undefined => {
  if (!isAllocators(address)) return undefined;
  const { name, creationTimestamp } = address.metadata;
  const owner = serviceKeyOf(address);
  if (owner === undefined) return stray('IPAddressNotAllocated', modified(address));
  if (!service) {
    const leftMs = GRACE_MS - (nowMs - parseTime(creationTimestamp));
    if (leftMs > 0) return { afterMs: leftMs };
    const message = `IPAddress: ${name} for Service ${owner} appears to have leaked: cleaning up`;
    return stray('IPAddressNotAllocated', message);
  }
  if (hasAddress(service, name)) return undefined;
  const message = `IPAddress: ${name} for Service ${owner} has a wrong reference; cleaning up`;
  return stray('IPAddressWrongReference', message);
};

const modified = ({ metadata, spec: { parentRef } }: Stored<IPAddress>): string => {
  const { group = '', resource, namespace = '', name } = parentRef;
  const reference = `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${name},}`;
  return `IPAddress ${metadata.name} appears to have been modified, not referencing a Service ${reference}: cleaning up`;
};

const stray = (reason: string, message: string): Finding => warning(reason, message, { kind: 'delete' });

const warning = (reason: string, message: string, repair: Repair): Finding => ({
  event: { reason, message },
  repair,
});
