// The Endpoints controller: the older object with the same content, for the clients that still read it (deprecated
// since 1.33, KEP-4974).
import type { ApiClient } from '../client/client.ts';
import type { Change, Informer } from '../informer/informer.ts';
import { isAlreadyExists, isConflict, isNamespaceTerminating, unlessGone } from '../k8s/api-error.ts';
import type { Endpoints, Node, Pod, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { endpoints as endpointsResource } from '../k8s/resources.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { fedBy } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { hasClusterIp } from './compile.ts';
import { markServices } from './mark-services.ts';
import { selectService } from './select.ts';
import type { ServiceSnapshot } from './select.ts';
import { HEADLESS, TRIGGER_TIME } from './state.ts';
import { compileSubsets, truncateSubsets } from './subsets.ts';
import { TriggerTimes } from './trigger-times.ts';

export type EndpointsControllerOptions = {
  readonly client: ApiClient;
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly endpoints: Informer<Endpoints>;
  readonly clock: Clock;
  readonly log: Log;
};

const ENDPOINTS_MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const ENDPOINTS_CONTROLLER = 'endpoint-controller';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

const CONCURRENCY = 5;

/** The informers must have synced: before that, absence means nothing. */
export const startEndpointsController = (options: EndpointsControllerOptions): Loop => {
  const { endpoints, clock, log } = options;
  const times = new TriggerTimes();
  const loop = startKeyedLoop({
    name: 'endpoints',
    concurrency: CONCURRENCY,
    // the cache is a step behind what was written a moment ago
    isExpected: (error) => isConflict(error) || isAlreadyExists(error),
    reconcile: (key) => reconcile(options, times, key),
    clock,
    log,
  });
  return fedBy(loop, [
    markServices(options, loop.mark),
    endpoints.subscribe((change) => markOwn(loop, change)),
  ]);
};

/** One that appears may be left over from a Service that is gone; one that disappears may be missed. */
const markOwn = (loop: Loop, { key, before, after }: Change<Endpoints>): void => {
  if (!after || (!before && isOwn(after))) loop.mark(key);
};

const isOwn = ({ metadata }: Stored<Endpoints>): boolean =>
  metadata.labels?.[ENDPOINTS_MANAGED_BY] === ENDPOINTS_CONTROLLER;

const reconcile = async (
  options: EndpointsControllerOptions,
  times: TriggerTimes,
  key: string,
): Promise<void> => {
  const { client, services, endpoints } = options;
  const service = services.get(key);
  const existing = endpoints.get(key);
  if (!service) {
    times.forget(key);
    return existing && unlessGone(client.delete(endpointsResource, existing.metadata));
  }
  const snapshot = selectService(service, options);
  if (!snapshot || service.metadata.deletionTimestamp) return;
  const triggerTime = times.next(key, service, snapshot.pods);
  const wanted = compileEndpoints(snapshot, existing);
  if (existing && canonicalJson(comparable(existing)) === canonicalJson(comparable(wanted))) return;
  await write(client, withTrigger(wanted, triggerTime), existing);
};

/** As for slices, an object of the same name that a user made is taken over as soon as the Service has a selector. */
const compileEndpoints = (snapshot: ServiceSnapshot, existing: Stored<Endpoints> | undefined): Endpoints => {
  const { subsets, isTruncated } = truncateSubsets(compileSubsets(snapshot));
  const { name, namespace, labels } = snapshot.service.metadata;
  const { [OVER_CAPACITY]: _, [TRIGGER_TIME]: __, ...annotations } = existing?.metadata.annotations ?? {};
  return {
    metadata: {
      ...existing?.metadata,
      name,
      namespace,
      labels: {
        ...withoutHeadless(labels),
        ...(hasClusterIp(snapshot.service.spec) ? {} : { [HEADLESS]: '' }),
        [ENDPOINTS_MANAGED_BY]: ENDPOINTS_CONTROLLER,
      },
      annotations: { ...annotations, ...(isTruncated ? { [OVER_CAPACITY]: 'truncated' } : {}) },
    },
    subsets,
  };
};

const withoutHeadless = (labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => key !== HEADLESS));

/** What makes a write worth it. */
const comparable = ({ metadata, subsets = [] }: Endpoints): unknown => {
  const { [TRIGGER_TIME]: _, ...annotations } = metadata?.annotations ?? {};
  return [metadata?.labels ?? {}, annotations, subsets];
};

const withTrigger = (object: Endpoints, triggerTime: string | undefined): Endpoints => {
  const annotations = {
    ...object.metadata?.annotations,
    ...(triggerTime ? { [TRIGGER_TIME]: triggerTime } : {}),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
};

const write = async (
  client: ApiClient,
  object: Endpoints,
  existing: Stored<Endpoints> | undefined,
): Promise<void> => {
  try {
    await (existing ? client.update(endpointsResource, object) : client.create(endpointsResource, object));
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error; // the Service goes with its namespace
  }
};
