// Keeps the ledger of Service addresses: ServiceCIDRs ready and deleted in time, one IPAddress for each address in use.
import type { ApiClient } from '../client/client.ts';
import { type Informer, whenAllSynced } from '../informer/informer.ts';
import type { IPAddress, Service, ServiceCIDR } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startRangeController } from './ranges/controller.ts';
import { startRepair } from './repair/controller.ts';

export type ServiceAddressesOptions = {
  readonly client: ApiClient;
  readonly services: Informer<Service>;
  readonly serviceCidrs: Informer<ServiceCIDR>;
  readonly ipAddresses: Informer<IPAddress>;
  /** The ranges of the ServiceCIDR `kubernetes`, the cluster's first family first. */
  readonly defaultCidrs: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when the informers have synced. */
export const startServiceAddresses = (options: ServiceAddressesOptions): Controllers => {
  const { services, serviceCidrs, ipAddresses } = options;
  return startWhenSynced(whenAllSynced(services, serviceCidrs, ipAddresses), () => [
    startRangeController(options),
    ...startRepair(options),
  ]);
};
