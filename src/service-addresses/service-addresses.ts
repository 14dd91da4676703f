// Keeps the ledger of Service addresses: ServiceCIDRs ready and deleted in time, one IPAddress for each address in use.
import type { ApiClient } from '../client/client.ts';
import { type Informer, whenAllSynced } from '../informer/informer.ts';
import type { IPAddress, Service, ServiceCIDR } from '../k8s/generated/types.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { Loop } from '../reconcile/loop.ts';
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

export type ServiceAddresses = { readonly stop: () => Promise<void> };

/** Starts when the informers have synced. */
export const startServiceAddresses = (options: ServiceAddressesOptions): ServiceAddresses => {
  const { services, serviceCidrs, ipAddresses } = options;
  let loops: readonly Loop[] = [];
  let isStopped = false;
  void whenAllSynced(services, serviceCidrs, ipAddresses).then(() => {
    if (!isStopped) loops = [startRangeController(options), ...startRepair(options)];
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
