// The disruption controller: keeps the status of PodDisruptionBudgets, by which the API server grants evictions.
import type { ApiClient } from '../client/client.ts';
import { type EventRecorder, createEventRecorder } from '../client/event-recorder.ts';
import { type Change, type Informer, whenAllSynced } from '../informer/informer.ts';
import { isConflict, isNotFound } from '../k8s/api-error.ts';
import type {
  Deployment,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../k8s/generated/types.ts';
import { labelSelectorMatches } from '../k8s/labels.ts';
import { type KubeObject, type Stored, keyOf } from '../k8s/objects.ts';
import { podDisruptionBudgets } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import { equalJson } from '../lang/json.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, fedBy, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { type BudgetPlan, compileBudget } from './compile.ts';
import { scaleFinder } from './scale.ts';

export type DisruptionOptions = {
  readonly client: ApiClient;
  /** With `disruptionIndexes`. */
  readonly podDisruptionBudgets: Informer<PodDisruptionBudget>;
  readonly pods: Informer<Pod>;
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly clock: Clock;
  readonly log: Log;
};

const BY_NAMESPACE = 'disruption/namespace';

const byNamespace = {
  [BY_NAMESPACE]: ({ metadata }: Stored<KubeObject>): readonly string[] => [metadata.namespace ?? ''],
};

export const disruptionIndexes = { podDisruptionBudgets: byNamespace, pods: byNamespace } as const;

/** Many pods of one budget change at about the same time: they are counted together. */
const POD_UPDATES_MS = 10;

/** Starts when the informers have synced: before that, absence means nothing. */
export const startDisruption = (options: DisruptionOptions): Controllers => {
  const { podDisruptionBudgets: budgets, pods, deployments, replicaSets, statefulSets } = options;
  const { replicationControllers } = options;
  return startWhenSynced(
    whenAllSynced(budgets, pods, deployments, replicaSets, statefulSets, replicationControllers),
    () => [startLoop(options)],
  );
};

const startLoop = (options: DisruptionOptions): Loop => {
  const { podDisruptionBudgets: budgets, pods, clock, log } = options;
  const events = createEventRecorder({ ...options, component: 'controllermanager' });
  const loop = startKeyedLoop({
    name: 'disruption',
    concurrency: 5,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(options, events, key),
    clock,
    log,
  });
  const hearPod = ({ before, after }: Change<Pod>): void => {
    const namespace = (after ?? before)?.metadata.namespace ?? '';
    for (const budget of budgets.byIndex(BY_NAMESPACE, namespace))
      if (isOf(budget, before) || isOf(budget, after)) loop.markAfter(keyOf(budget), POD_UPDATES_MS);
  };
  return fedBy(loop, [budgets.subscribe(({ key }) => loop.mark(key)), pods.subscribe(hearPod)]);
};

const isOf = ({ spec }: PodDisruptionBudget, pod: Stored<Pod> | undefined): boolean =>
  pod !== undefined && labelSelectorMatches(spec?.selector, pod.metadata.labels);

const reconcile = async (
  options: DisruptionOptions,
  events: EventRecorder,
  key: string,
): Promise<void | { readonly afterMs: number }> => {
  const budget = options.podDisruptionBudgets.get(key);
  if (!budget) return undefined;
  const nowMs = options.clock.now();
  const pods = options.pods
    .byIndex(BY_NAMESPACE, budget.metadata.namespace ?? '')
    .filter((pod) => isOf(budget, pod));
  const plan = compileBudget({ budget, pods, scaleOf: scaleFinder(options), nowMs });
  report(events, budget, pods.length, plan);
  if (!equalJson(budget.status ?? {}, plan.status))
    await options.client.updateStatus(podDisruptionBudgets, { ...budget, status: plan.status });
  return plan.recheckMs === undefined ? undefined : { afterMs: Math.max(0, plan.recheckMs - nowMs) + 1 };
};

const report = (
  events: EventRecorder,
  budget: Stored<PodDisruptionBudget>,
  pods: number,
  { unmanaged }: BudgetPlan,
): void => {
  const record = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    events.record(podDisruptionBudgets, budget, { type, reason, message });
  if (pods === 0) record('Normal', 'NoPods', 'No matching pods found');
  if (unmanaged.length > 0)
    record(
      'Warning',
      'UnmanagedPods',
      'Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
    );
};
