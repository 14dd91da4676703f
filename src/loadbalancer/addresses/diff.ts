// What has to be written and said for a Service to have its grant. The finalizer comes before the first address and goes
// after the last; events are the service controller's (kubernetes cloud-provider controllers/service/controller.go, 1.36).
import { formatAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { hasFinalizer, isOwn } from './select.ts';
import type { Grant } from './state.ts';

export type Step =
  | { readonly kind: 'add-finalizer' | 'remove-finalizer' }
  | { readonly kind: 'set-addresses'; readonly ips: readonly string[] }
  | {
      readonly kind: 'tell';
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
    };

/** Without a grant the Service gives back what it has. */
export const diffAddresses = (service: Stored<Service>, grant: Grant | undefined): readonly Step[] =>
  grant ? ensure(service, grant) : release(service);

const ensure = (service: Stored<Service>, { ips, problems }: Grant): readonly Step[] => {
  const writes: Step[] = [
    ...(hasFinalizer(service) ? [] : [{ kind: 'add-finalizer' } as const]),
    ...(isAsWritten(service, ips) ? [] : [{ kind: 'set-addresses', ips } as const]),
  ];
  const problem = tell('Warning', 'SyncLoadBalancerFailed', errorText(problems));
  if (problems.length > 0) return [...writes, problem];
  if (writes.length === 0) return [];
  return [
    tell('Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer'),
    ...writes,
    tell('Normal', 'EnsuredLoadBalancer', 'Ensured load balancer'),
  ];
};

const release = (service: Stored<Service>): readonly Step[] => {
  if (!hasFinalizer(service) || !isOwn(service)) return [];
  return [
    tell('Normal', 'DeletingLoadBalancer', 'Deleting load balancer'),
    ...(isAsWritten(service, []) ? [] : [{ kind: 'set-addresses', ips: [] } as const]),
    { kind: 'remove-finalizer' },
    tell('Normal', 'DeletedLoadBalancer', 'Deleted load balancer'),
  ];
};

/** Whether the status has exactly these addresses, and all as virtual ones. */
const isAsWritten = ({ status }: Stored<Service>, ips: readonly string[]): boolean => {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return (
    ingress.length === ips.length &&
    ingress.every(({ ip = '', ipMode = 'VIP', hostname }, index) => {
      const address = parseSloppyAddress(ip);
      return address && formatAddress(address) === ips[index] && ipMode === 'VIP' && !hostname;
    })
  );
};

const errorText = (problems: readonly string[]): string =>
  `Error syncing load balancer: failed to ensure load balancer: ${problems.join('; ')}`;

const tell = (type: 'Normal' | 'Warning', reason: string, message: string): Step => ({
  kind: 'tell',
  type,
  reason,
  message,
});
