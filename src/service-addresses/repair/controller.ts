// Two loops that keep Services and IPAddresses true to each other: one by Service, one by address. The caches only say
// where something may be wrong, since one of them is always a little behind the other; the server has the last word.
import type { ApiClient } from '../../client/client.ts';
import { type EventRecorder, createEventRecorder } from '../../client/event-recorder.ts';
import { isAlreadyExists, isConflict, unlessGone } from '../../k8s/api-error.ts';
import type { Service } from '../../k8s/generated/types.ts';
import { type KubeObject, type Stored, keyOf } from '../../k8s/objects.ts';
import {
  type Resource,
  ipAddresses as addressResource,
  services as serviceResource,
} from '../../k8s/resources.ts';
import { addressNamesOf, ipAddressOf, serviceKeyOf } from '../../k8s/service-addresses.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { ServiceAddressesOptions } from '../service-addresses.ts';
import { type Repair, findingOfAddress, findingsOfService } from './compile.ts';
import { cachedLedger, find, freshLedger } from './observe.ts';

const CONCURRENCY = 5;

/** A Service and its addresses reach the two caches one after the other: looked at later, all is well as a rule. */
const SETTLE_MS = 500;

type Context = ServiceAddressesOptions & { readonly events: EventRecorder };

/** The informers must have synced. */
export const startRepair = (options: ServiceAddressesOptions): readonly Loop[] => {
  const events = createEventRecorder({ ...options, component: 'ipallocator-repair-controller' });
  const loopOf = (name: string, reconcile: (context: Context, key: string) => Reconciled): Loop =>
    startKeyedLoop({
      name,
      concurrency: CONCURRENCY,
      isExpected: (error) => isConflict(error) || isAlreadyExists(error),
      reconcile: (key) => reconcile({ ...options, events }, key),
      clock: options.clock,
      log: options.log,
    });
  const byService = loopOf('service-addresses', repairService);
  const byAddress = loopOf('ip-addresses', repairAddress);
  const subscriptions = [
    options.services.subscribe(({ key, before, after }) => {
      if (after) byService.markAfter(key, SETTLE_MS);
      // What it had and has no more must not stay behind.
      for (const ip of before ? addressNamesOf(before) : []) byAddress.markAfter(ip, SETTLE_MS);
    }),
    options.ipAddresses.subscribe(({ key, before, after }) => {
      if (after) byAddress.markAfter(key, SETTLE_MS);
      const service = before && serviceKeyOf(before);
      if (service) byService.mark(service); // most likely somebody else deleted or changed it
    }),
  ];
  return [fedBy(byService, subscriptions), byAddress];
};

type Reconciled = Promise<void | { readonly afterMs: number }>;

const repairService = async (context: Context, key: string): Reconciled => {
  const service = context.services.get(key);
  if (!service || findingsOfService(service, cachedLedger(context)).length === 0) return;
  const findings = findingsOfService(service, await freshLedger(context.client, service));
  if (findings.length === 0 || !(await isCurrent(context.client, serviceResource, service))) return;
  for (const { event, repair } of findings) {
    if (event) context.events.record(serviceResource, service, { type: 'Warning', ...event });
    await repairClusterIp(context, repair, service);
  }
};

const repairClusterIp = async (
  { client }: Context,
  repair: Repair,
  service: Stored<Service>,
): Promise<void> => {
  if (repair.kind !== 'create' && repair.kind !== 'recreate') return;
  if (repair.kind === 'recreate') await unlessGone(client.delete(addressResource, { name: repair.ip }));
  await client.create(addressResource, ipAddressOf(repair.ip, service));
};

const repairAddress = async (context: Context, name: string): Reconciled => {
  const { client, clock } = context;
  const address = context.ipAddresses.get(name);
  const owner = address && serviceKeyOf(address);
  const cached = owner === undefined ? undefined : context.services.get(owner);
  if (!address || !findingOfAddress(address, cached, clock.now())) return;
  const service = owner === undefined ? undefined : await find<Service>(client, serviceResource, owner);
  const finding = findingOfAddress(address, service, clock.now());
  if (!finding || 'afterMs' in finding) return finding;
  if (!(await isCurrent(client, addressResource, address))) return;
  if (finding.event) context.events.record(addressResource, address, { type: 'Warning', ...finding.event });
  const { uid } = address.metadata;
  await unlessGone(client.delete(addressResource, { name }, { uid }));
};

/**
 * A Service and its addresses change in one step. So if one of them is now as it was in the cache, nothing has changed
 * in between, and what was read of the other in between is wrong; if not, its next event brings us here again.
 */
const isCurrent = async <T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  { metadata }: Stored<T>,
): Promise<boolean> =>
  (await find(client, resource, keyOf({ metadata })))?.metadata.resourceVersion === metadata.resourceVersion;
