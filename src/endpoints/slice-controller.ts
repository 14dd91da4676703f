// The EndpointSlice controller: each Service with a selector has the slices that its pods make.
import type { ApiClient } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import type { Informer } from '../informer/informer.ts';
import { isConflict } from '../k8s/api-error.ts';
import type { EndpointSlice, Node, Pod, Service } from '../k8s/generated/types.ts';
import { type Stored, keyOf } from '../k8s/objects.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { fedBy } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { applySlices } from './apply.ts';
import { SLICE_CONTROLLER, compileSlices } from './compile.ts';
import { diffSlices } from './diff.ts';
import { AUTO } from './indexes.ts';
import { markServices } from './mark-services.ts';
import { selectService } from './select.ts';
import { MANAGED_BY } from './state.ts';
import { TriggerTimes } from './trigger-times.ts';
import { hintGroups } from './zones/hint-slices.ts';
import { HintTeller } from './zones/tell-hints.ts';
import { isTopologyAuto } from './zones/topology-mode.ts';
import { capacityFacts, zoneCapacity } from './zones/zone-capacity.ts';
import { BY_SERVICE, serviceKeyOf } from '../informer/slices-by-service.ts';
import { BEHIND, Written } from '../informer/written.ts';

export type SliceControllerOptions = {
  readonly client: ApiClient;
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

/** The informers must have synced: before that, absence means nothing. */
export const startSliceController = (options: SliceControllerOptions): Loop => {
  const { services, nodes, endpointSlices, clock, log } = options;
  const written = new Written<EndpointSlice>(clock);
  const times = new TriggerTimes();
  const teller = new HintTeller(createEventRecorder({ ...options, component: 'endpoint-slice-controller' }));
  const loop = startKeyedLoop({
    name: 'endpointslice',
    concurrency: CONCURRENCY,
    isExpected: isConflict,
    reconcile: (key) => reconcile({ ...options, written, times, teller }, key),
    clock,
    log,
  });
  return fedBy(loop, [
    markServices(options, loop.mark),
    nodes.subscribe(({ before, after }) => {
      if ((before && capacityFacts(before)) !== (after && capacityFacts(after)))
        for (const service of services.byIndex(AUTO, '')) loop.mark(keyOf(service));
    }),
    // a slice that someone else changed or deleted is put right; one that was waited for is there
    endpointSlices.subscribe(({ before, after }) => markOwners(loop, before, after)),
  ]);
};

const markOwners = (loop: Loop, ...slices: readonly (Stored<EndpointSlice> | undefined)[]): void => {
  for (const slice of slices) {
    const key = slice && isOwn(slice) ? serviceKeyOf(slice) : undefined;
    if (key) loop.mark(key);
  }
};

const isOwn = ({ metadata }: Stored<EndpointSlice>): boolean =>
  metadata.labels?.[MANAGED_BY] === SLICE_CONTROLLER;

type Context = SliceControllerOptions & {
  readonly written: Written<EndpointSlice>;
  readonly times: TriggerTimes;
  readonly teller: HintTeller;
};

/** The slices of a Service that is gone are the garbage collector's. */
const reconcile = async (context: Context, key: string): Promise<void | typeof BEHIND> => {
  const { client, nodes, endpointSlices, written, times, teller } = context;
  const service = context.services.get(key);
  if (!service) {
    times.forget(key);
    written.forget(key);
    teller.forget(key);
  }
  const snapshot = selectService(service, context);
  if (!snapshot || snapshot.service.metadata.deletionTimestamp) return;
  if (written.isBehind(key, endpointSlices.get)) return BEHIND;
  const existing = endpointSlices.byIndex(BY_SERVICE, key).filter(isOwn);
  const wanted = compileSlices(snapshot);
  const hinted = isTopologyAuto(snapshot.service)
    ? hintGroups(wanted.groups, existing, zoneCapacity(nodes.list()))
    : undefined;
  const changes = diffSlices({ ...wanted, ...(hinted && { groups: hinted.groups }) }, existing);
  const triggerTime = times.next(key, snapshot.service, snapshot.pods);
  await applySlices(changes, { client, written, owner: key, triggerTime });
  teller.tell(key, snapshot.service, hinted?.reasons);
};
