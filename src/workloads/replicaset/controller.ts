// The ReplicaSet controller: as many pods as the spec says, and a status that counts them.
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import { joinKey, keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import { isPodActive } from '../../k8s/pod-state.ts';
import { pods as podResource, replicaSets as replicaSetResource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { planClaims } from '../claim.ts';
import { applyClaims } from '../claim-apply.ts';
import { BY_CONTROLLER, BY_NAMESPACE, ORPHANS } from '../indexes.ts';
import { applyReplicas } from './apply.ts';
import { compileReplicas } from './compile.ts';
import { Expectations } from './expectations.ts';
import { compileStatus, nextAvailableMs } from './status.ts';
import type { CreateFailure, StatusFacts } from './status.ts';

export type ReplicaSetControllerOptions = {
  readonly client: ApiClient;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;
/** Many pods of one ReplicaSet change at about the same time: they are counted together. */
const POD_UPDATES_MS = 10;
/** A timer cannot wait longer than 24 days; looking again each hour costs nothing. */
const WAIT_MS_MAX = 3_600_000;

/** Both informers must have synced: before that, absence means nothing. */
export const startReplicaSetController = (options: ReplicaSetControllerOptions): Loop => {
  const expectations = new Expectations(options.clock);
  const loop = startKeyedLoop({
    name: 'replicaset',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile({ ...options, expectations }, key),
    clock: options.clock,
    log: options.log,
  });
  return fedBy(loop, [
    options.replicaSets.subscribe(({ key }) => loop.mark(key)),
    options.pods.subscribe((change) => hearPod(options, expectations, loop, change)),
  ]);
};

const hearPod = (
  options: ReplicaSetControllerOptions,
  expectations: Expectations,
  loop: Loop,
  { before, after }: Change<Pod>,
): void => {
  const owners = [before, after].map((pod) => pod && ownerKey(pod));
  const [was, is] = owners;
  if (is && !before) expectations.creationSeen(is);
  const isGoing = !after || after.metadata.deletionTimestamp !== undefined;
  if (was && before && isGoing) expectations.deletionSeen(was, before.metadata.uid);
  for (const key of new Set(owners)) {
    if (key && before && after) loop.markAfter(key, POD_UPDATES_MS);
    else if (key) loop.mark(key);
  }
  if (after && !controllerOf(after)) for (const key of adopters(options, after)) loop.mark(key);
};

const ownerKey = (pod: Stored<Pod>): string | undefined => {
  const owner = controllerOf(pod);
  return owner?.kind === 'ReplicaSet' ? joinKey(pod.metadata.namespace, owner.name) : undefined;
};

const adopters = ({ replicaSets }: ReplicaSetControllerOptions, pod: Stored<Pod>): string[] =>
  replicaSets
    .byIndex(BY_NAMESPACE, pod.metadata.namespace ?? '')
    .filter(({ spec }) => labelSelectorMatches(spec?.selector, pod.metadata.labels))
    .map(keyOf);

type Context = ReplicaSetControllerOptions & { readonly expectations: Expectations };

const reconcile = async (context: Context, key: string): Promise<void | { readonly afterMs: number }> => {
  const replicaSet = context.replicaSets.get(key);
  if (!replicaSet) return context.expectations.forget(key);
  const mayDecide = context.expectations.areMet(key) && replicaSet.metadata.deletionTimestamp === undefined;
  const pods = await claimPods(context, replicaSet);
  const failure = mayDecide ? await manage(context, key, replicaSet, pods) : undefined;
  const facts = { replicaSet, pods, failure, nowMs: context.clock.now() };
  await writeStatus(context, facts);
  if (failure) throw new Error(`${key}: ${failure.message}`); // again, after a back-off
  const nextMs = nextAvailableMs(facts);
  return nextMs === undefined ? undefined : { afterMs: Math.min(nextMs - facts.nowMs, WAIT_MS_MAX) };
};

const claimPods = (context: Context, owner: Stored<ReplicaSet>): Promise<readonly Stored<Pod>[]> => {
  const { uid, namespace = '', deletionTimestamp } = owner.metadata;
  const orphans = context.pods.byIndex(ORPHANS, namespace).filter(isPodActive);
  const claims = planClaims(
    { uid, selector: owner.spec?.selector, isDeleting: deletionTimestamp !== undefined },
    [...context.pods.byIndex(BY_CONTROLLER, uid), ...orphans],
  );
  const { client } = context;
  return applyClaims({ client, ownerResource: replicaSetResource, owner, resource: podResource, claims });
};

const manage = (
  context: Context,
  key: string,
  replicaSet: Stored<ReplicaSet>,
  pods: readonly Stored<Pod>[],
): Promise<CreateFailure | undefined> => {
  const plan = compileReplicas({
    replicas: replicaSet.spec?.replicas ?? 1,
    pods: pods.filter(isPodActive),
    relatedOnNode: relatedPods(context, replicaSet),
    nowMs: context.clock.now(),
  });
  return applyReplicas(context, key, replicaSet, plan);
};

/** Counted at the first question only: a ReplicaSet that loses no pods never asks. */
const relatedPods = (
  { replicaSets, pods }: Context,
  replicaSet: Stored<ReplicaSet>,
): ((nodeName: string) => number) => {
  let countByNode: Map<string, number> | undefined;
  const count = (): Map<string, number> => {
    const owner = controllerOf(replicaSet);
    const related = owner ? replicaSets.byIndex(BY_CONTROLLER, owner.uid) : [replicaSet];
    const counts = new Map<string, number>();
    for (const { metadata } of related) {
      for (const pod of pods.byIndex(BY_CONTROLLER, metadata.uid).filter(isPodActive)) {
        const node = pod.spec?.nodeName ?? '';
        counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    }
    return counts;
  };
  return (nodeName) => (countByNode ??= count()).get(nodeName) ?? 0;
};

const writeStatus = async (context: Context, facts: StatusFacts): Promise<void> => {
  const { replicaSet } = facts;
  const status = compileStatus(facts);
  if (isSameStatus(replicaSet.status, status)) return;
  await context.client.updateStatus(replicaSetResource, { ...replicaSet, status });
};

/** An absent count is zero: the API leaves zeros out. */
const isSameStatus = (before: ReplicaSetStatus | undefined, after: ReplicaSetStatus): boolean =>
  isDeepStrictEqual(withoutZeros(before ?? {}), withoutZeros(after));

const withoutZeros = (status: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0 && value !== undefined));
