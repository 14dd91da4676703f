// The ServiceCIDR controller, and the one that keeps the cluster's default ServiceCIDR there.
import { isConflict, unlessGone } from '../../k8s/api-error.ts';
import type { ServiceCIDR } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { ipAddresses as addressResource, serviceCidrs as cidrResource } from '../../k8s/resources.ts';
import { DEFAULT_SERVICE_CIDR } from '../../k8s/service-addresses.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { ServiceAddressesOptions } from '../service-addresses.ts';
import {
  FINALIZER,
  IN_USE,
  READY,
  type Readiness,
  conditionsWith,
  containsAddress,
  isNeeded,
} from './compile.ts';

/** The informers must have synced. */
export const startRangeController = (options: ServiceAddressesOptions): Loop => {
  const { serviceCidrs, ipAddresses, clock, log } = options;
  const loop = startKeyedLoop({
    name: 'service-cidrs',
    concurrency: 1,
    isExpected: isConflict,
    reconcile: (name) => reconcile(options, name),
    clock,
    log,
  });
  const terminating = (): readonly Stored<ServiceCIDR>[] =>
    serviceCidrs.list().filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return fedBy(loop, [
    serviceCidrs.subscribe(({ key }) => {
      loop.mark(key);
      for (const { metadata } of terminating()) loop.mark(metadata.name);
    }),
    ipAddresses.subscribe(({ key, after }) => {
      if (after) return;
      for (const cidr of terminating()) if (containsAddress(cidr, key)) loop.mark(cidr.metadata.name);
    }),
  ]);
};

const reconcile = async (options: ServiceAddressesOptions, name: string): Promise<void> => {
  const cidr = options.serviceCidrs.get(name);
  if (cidr)
    await unlessGone(
      cidr.metadata.deletionTimestamp === undefined ? settle(options, cidr) : release(options, cidr),
    );
  else if (name === DEFAULT_SERVICE_CIDR) await recreateDefault(options);
};

const settle = async (options: ServiceAddressesOptions, cidr: Stored<ServiceCIDR>): Promise<void> => {
  const finalizers = cidr.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) await setFinalizers(options, cidr, [...finalizers, FINALIZER]);
  await setReadiness(options, cidr, READY);
};

/**
 * Lets it go if no address needs it. The server is asked, not the cache: since the ServiceCIDR is being deleted no new
 * address can come from it, so what the server lists now is all there will be. (kube-controller-manager must wait ten
 * seconds for its allocators' caches instead.)
 */
const release = async (options: ServiceAddressesOptions, cidr: Stored<ServiceCIDR>): Promise<void> => {
  const { client } = options;
  const [all, addresses] = await Promise.all([client.list(cidrResource), client.list(addressResource)]);
  if (isNeeded(cidr, all.items, addresses.items)) return setReadiness(options, cidr, IN_USE);
  const finalizers = cidr.metadata.finalizers ?? [];
  if (finalizers.includes(FINALIZER))
    await setFinalizers(
      options,
      cidr,
      finalizers.filter((finalizer) => finalizer !== FINALIZER),
    );
};

/** A merge patch replaces the whole list, so it depends on the version that the list was read from. */
const setFinalizers = async (
  { client }: ServiceAddressesOptions,
  { metadata }: Stored<ServiceCIDR>,
  finalizers: readonly string[],
): Promise<void> => {
  const { name, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, finalizers } };
  await client.patch(cidrResource, { name }, patch, { type: 'application/merge-patch+json' });
};

const setReadiness = async (
  { client, clock }: ServiceAddressesOptions,
  cidr: Stored<ServiceCIDR>,
  readiness: Readiness,
): Promise<void> => {
  const conditions = conditionsWith(cidr, readiness, clock.now());
  const { name } = cidr.metadata;
  if (conditions)
    await client.patch(
      cidrResource,
      { name },
      { status: { conditions } },
      {
        type: 'application/merge-patch+json',
        subresource: 'status',
      },
    );
};

/** Whoever deletes it gets the flags' ranges back: the `kubernetes` Service lives there. */
const recreateDefault = async ({ client, defaultCidrs }: ServiceAddressesOptions): Promise<void> => {
  const metadata = { name: DEFAULT_SERVICE_CIDR };
  await client.create(cidrResource, { metadata, spec: { cidrs: defaultCidrs } });
};
