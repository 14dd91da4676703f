// The controller that gives Services of type LoadBalancer their addresses. What is given stands in the Services' status
// and nowhere else: it is found again after any end.
import { createEventRecorder } from '../../client/event-recorder.ts';
import { BEHIND, Written } from '../../informer/written.ts';
import { isConflict, unlessGone } from '../../k8s/api-error.ts';
import type { Service } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { CONCERNED } from '../indexes.ts';
import type { LoadBalancersOptions } from '../load-balancers.ts';
import { type AddressWriter, applySteps } from './apply.ts';
import { compileAddresses } from './compile.ts';
import { type Step, diffAddresses } from './diff.ts';
import { concernsAddresses, selectAddresses } from './select.ts';

/** All Services are looked at together: who gets an address depends on who has one. */
const ALL = 'all';

type Context = LoadBalancersOptions &
  AddressWriter & {
    readonly written: Written<Service>;
    /** By Service, what it was told last: nothing is decided by it. */
    readonly told: Map<string, string>;
  };

/** The informers must have synced. */
export const startAddressController = (options: LoadBalancersOptions): Loop => {
  const { services, clock, log } = options;
  const context = {
    ...options,
    events: createEventRecorder({ ...options, component: 'service-controller' }),
    written: new Written<Service>(clock),
    told: new Map<string, string>(),
  };
  const loop = startKeyedLoop({
    name: 'load-balancer-addresses',
    concurrency: 1,
    isExpected: isConflict,
    reconcile: () => reconcile(context),
    clock,
    log,
  });
  return fedBy(loop, [
    services.subscribe(({ key, before, after }) => {
      if (!after) context.told.delete(key);
      if ([before, after].some((service) => service && concernsAddresses(service))) loop.mark(ALL);
    }),
  ]);
};

const reconcile = async (context: Context): Promise<void | typeof BEHIND> => {
  const { services, pools, written, told } = context;
  if (written.isBehind(ALL, services.get)) return BEHIND;
  const concerned = services.byIndex(CONCERNED, '');
  const grants = compileAddresses(selectAddresses(concerned), pools);
  const failures: unknown[] = [];
  for (const service of concerned) {
    const steps = unsaid(told, keyOf(service), diffAddresses(service, grants.get(keyOf(service))));
    if (steps.length === 0) continue;
    try {
      await write(context, service, steps);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures.find((error) => !isConflict(error)) ?? failures[0];
};

const write = async (context: Context, service: Stored<Service>, steps: readonly Step[]): Promise<void> => {
  const after = await unlessGone(applySteps(context, service, steps));
  const isGone = service.metadata.deletionTimestamp !== undefined && !after?.metadata.finalizers?.length;
  if (isGone) context.written.deleted(ALL, service);
  else if (after && after !== service) context.written.wrote(ALL, after);
};

/** A Service that waits is looked at again with every other's change: it is told why once. */
const unsaid = (told: Map<string, string>, key: string, steps: readonly Step[]): readonly Step[] => {
  const warning = steps.flatMap((step) =>
    step.kind === 'tell' && step.type === 'Warning' ? step.message : [],
  )[0];
  const isSaid = warning !== undefined && told.get(key) === warning;
  if (warning === undefined) told.delete(key);
  else told.set(key, warning);
  return isSaid ? steps.filter(({ kind }) => kind !== 'tell') : steps;
};
