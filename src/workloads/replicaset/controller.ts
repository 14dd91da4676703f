// The ReplicaSet controller: as many pods as the spec says, and a status that counts them. ReplicationControllers are the
// same but for their selector, which is a map.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer } from '../../informer/informer.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import { isPodActive } from '../../k8s/pod-state.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { BY_CONTROLLER } from '../indexes.ts';
import { claimPods } from '../pods/claim-pods.ts';
import { Expectations } from '../pods/expectations.ts';
import { startOwnerLoop } from '../pods/owner-loop.ts';
import { podFromTemplate } from '../pods/template.ts';
import { type WriteFailure, writePods } from '../pods/write.ts';
import { isSameStatus } from '../same-status.ts';
import { compileReplicas } from './compile.ts';
import type { ReplicaKind, Replicated } from './kinds.ts';
import { compileStatus, nextAvailableMs } from './status.ts';
import type { StatusFacts } from './status.ts';

export type ReplicaSetControllerOptions = {
  readonly kind: ReplicaKind;
  readonly client: ApiClient;
  readonly owners: Informer<Replicated>;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

type Context = ReplicaSetControllerOptions & { readonly expectations: Expectations };

/** Both informers must have synced: before that, absence means nothing. */
export const startReplicaSetController = (options: ReplicaSetControllerOptions): Loop => {
  const { kind, owners, pods, clock, log } = options;
  const expectations = new Expectations(clock);
  return startOwnerLoop({
    listener: { kind: kind.resource.kind, owners, selectorOf: kind.selectorOf, expectations },
    pods,
    concurrency: CONCURRENCY,
    reconcile: (key) => reconcile({ ...options, expectations }, key),
    clock,
    log,
  });
};

const reconcile = async (context: Context, key: string): Promise<void | { readonly afterMs: number }> => {
  const { kind, client, pods: informer, expectations } = context;
  const owner = context.owners.get(key);
  if (!owner) return expectations.forget(key);
  const mayDecide = expectations.areMet(key) && owner.metadata.deletionTimestamp === undefined;
  const selector = kind.selectorOf(owner);
  const pods = await claimPods({ client, pods: informer, resource: kind.resource, owner, selector });
  const failure = mayDecide ? await manage(context, owner, pods) : undefined;
  const facts = { owner, pods, failure, nowMs: context.clock.now() };
  await writeStatus(context, facts);
  if (failure) throw new Error(`${key}: ${failure.message}`); // again, after a back-off
  const nextMs = nextAvailableMs(facts);
  return nextMs === undefined ? undefined : { afterMs: nextMs - facts.nowMs };
};

const manage = (
  context: Context,
  owner: Stored<Replicated>,
  pods: readonly Stored<Pod>[],
): Promise<WriteFailure | undefined> => {
  const { resource } = context.kind;
  const plan = compileReplicas({
    replicas: owner.spec?.replicas ?? 1,
    pods: pods.filter(isPodActive),
    relatedOnNode: relatedPods(context, owner),
    nowMs: context.clock.now(),
  });
  const count = plan.kind === 'create' ? plan.count : 0;
  const pod = podFromTemplate(resource, owner, owner.spec?.template);
  const create = Array.from({ length: count }, () => pod);
  return writePods({ ...context, resource }, owner, create, plan.kind === 'delete' ? plan.pods : []);
};

/** Counted at the first question only: a ReplicaSet that loses no pods never asks. */
const relatedPods = (
  { owners, pods }: Context,
  replicaSet: Stored<Replicated>,
): ((nodeName: string) => number) => {
  let countByNode: Map<string, number> | undefined;
  const count = (): Map<string, number> => {
    const owner = controllerOf(replicaSet);
    const related = owner ? owners.byIndex(BY_CONTROLLER, owner.uid) : [replicaSet];
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

const writeStatus = async ({ client, kind }: Context, facts: StatusFacts): Promise<void> => {
  const { owner } = facts;
  const status = kind.statusOf(compileStatus(facts));
  if (isSameStatus(owner.status, status)) return;
  await client.updateStatus<Replicated>(kind.resource, { ...owner, status });
};
