// What a ServiceCIDR's controller wants of it: a finalizer, a Ready condition, and that it stays while an address needs it.
// Pure. Source: kubernetes pkg/controller/servicecidrs/servicecidrs_controller.go (1.36).
import { parseAddress } from '../../ip/address.ts';
import { parsePrefix, prefixContains } from '../../ip/prefix.ts';
import type { Condition, IPAddress, ServiceCIDR } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { isAllocators } from '../../k8s/service-addresses.ts';
import { formatTime } from '../../k8s/time.ts';

export const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

/** Ready; or no longer, and why. */
export type Readiness = Pick<Condition, 'status' | 'reason' | 'message'>;

export const READY: Readiness = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };

export const IN_USE: Readiness = {
  status: 'False',
  reason: 'Terminating',
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/** The conditions that say so; undefined if they do already. */
export const conditionsWith = (
  { status }: Stored<ServiceCIDR>,
  readiness: Readiness,
  nowMs: number,
): readonly Condition[] | undefined => {
  const before = status?.conditions ?? [];
  const present = before.find(({ type }) => type === 'Ready');
  const { status: value, reason, message } = readiness;
  if (present?.status === value && present.reason === reason && present.message === message) return undefined;
  const lastTransitionTime = present?.status === value ? present.lastTransitionTime : formatTime(nowMs);
  return [
    ...before.filter(({ type }) => type !== 'Ready'),
    { type: 'Ready', ...readiness, lastTransitionTime },
  ];
};

/** Whether a Service has an address of this range that no other one, which stays, contains. O(addresses). */
export const isNeeded = (
  cidr: Stored<ServiceCIDR>,
  all: readonly Stored<ServiceCIDR>[],
  addresses: readonly Stored<IPAddress>[],
): boolean => {
  const others = all.filter(
    (other) => keyOf(other) !== keyOf(cidr) && other.metadata.deletionTimestamp === undefined,
  );
  return addresses.some(
    (address) =>
      isAllocators(address) &&
      containsAddress(cidr, address.metadata.name) &&
      !others.some((other) => containsAddress(other, address.metadata.name)),
  );
};

export const containsAddress = ({ spec }: Pick<ServiceCIDR, 'spec'>, ip: string): boolean => {
  const address = parseAddress(ip);
  return (spec?.cidrs ?? []).some((cidr) => {
    const prefix = parsePrefix(cidr);
    return prefix !== undefined && address !== undefined && prefixContains(prefix, address);
  });
};
