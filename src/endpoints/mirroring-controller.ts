// The mirroring controller: slices for Endpoints that users write themselves.
import type { ApiClient } from '../client/client.ts';
import type { Informer } from '../informer/informer.ts';
import { isConflict } from '../k8s/api-error.ts';
import type { EndpointSlice, Endpoints, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { fedBy } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { applySlices } from './apply.ts';
import { diffSlices } from './diff.ts';
import { MIRRORING_CONTROLLER, compileMirror, isMirrored } from './mirror.ts';
import { MANAGED_BY } from './state.ts';
import { BY_SERVICE, serviceKeyOf } from '../informer/slices-by-service.ts';
import { BEHIND, Written } from '../informer/written.ts';

export type MirroringControllerOptions = {
  readonly client: ApiClient;
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly endpoints: Informer<Endpoints>;
  readonly clock: Clock;
  readonly log: Log;
};

/** The informers must have synced: before that, absence means nothing. */
export const startMirroringController = (options: MirroringControllerOptions): Loop => {
  const { services, endpoints, endpointSlices, clock, log } = options;
  const written = new Written<EndpointSlice>(clock);
  const loop = startKeyedLoop({
    name: 'endpointslice-mirroring',
    concurrency: 1,
    isExpected: isConflict,
    reconcile: (key) => reconcile(options, written, key),
    clock,
    log,
  });
  return fedBy(loop, [
    services.subscribe(({ key }) => loop.mark(key)),
    endpoints.subscribe(({ key }) => loop.mark(key)),
    endpointSlices.subscribe(({ before, after }) => {
      for (const slice of [before, after]) if (slice && isOwn(slice)) loop.mark(serviceKeyOf(slice)!);
    }),
  ]);
};

const isOwn = (slice: Stored<EndpointSlice>): boolean =>
  slice.metadata.labels?.[MANAGED_BY] === MIRRORING_CONTROLLER && serviceKeyOf(slice) !== undefined;

/** Slices of Endpoints that are not mirrored any more are deleted here: their owner may live on. */
const reconcile = async (
  { client, services, endpoints, endpointSlices }: MirroringControllerOptions,
  written: Written<EndpointSlice>,
  key: string,
): Promise<void | typeof BEHIND> => {
  if (written.isBehind(key, endpointSlices.get)) return BEHIND;
  const existing = endpointSlices.byIndex(BY_SERVICE, key).filter(isOwn);
  const source = endpoints.get(key);
  const changes =
    source && isMirrored(source, services.get(key))
      ? diffSlices(compileMirror(source), existing)
      : { create: [], update: [], remove: existing };
  await applySlices(changes, { client, written, owner: key, triggerTime: undefined });
};
