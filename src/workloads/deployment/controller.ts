// The Deployment controller: ReplicaSets by revision, rolled out step by step.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import { joinKey, keyOf } from '../../k8s/objects.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import { isPodFinished } from '../../k8s/pod-state.ts';
import { deployments as deploymentResource, replicaSets as replicaSetResource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { planClaims } from '../claim.ts';
import { applyClaims } from '../claim-apply.ts';
import { BY_CONTROLLER, BY_NAMESPACE, ORPHANS } from '../indexes.ts';
import { isSameStatus } from '../same-status.ts';
import { HashCollision, applyChange, copyRevision, refreshNewSet } from './apply.ts';
import { compileDeployment } from './compile.ts';
import { selectRollout, splitSets } from './select.ts';
import type { RolloutSets } from './select.ts';
import { compileStatus, deadlineMs } from './status.ts';
import type { StatusFacts } from './status.ts';

export type DeploymentControllerOptions = {
  readonly client: ApiClient;
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

/** All informers must have synced: before that, absence means nothing. */
export const startDeploymentController = (options: DeploymentControllerOptions): Loop => {
  const loop = startKeyedLoop({
    name: 'deployment',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isNotFound(error) || error instanceof HashCollision,
    reconcile: (key) => reconcile(options, key),
    clock: options.clock,
    log: options.log,
  });
  return fedBy(loop, [
    options.deployments.subscribe(({ key }) => loop.mark(key)),
    options.replicaSets.subscribe((change) => {
      for (const key of keysForReplicaSet(options, change)) loop.mark(key);
    }),
    options.pods.subscribe(({ before, after }) => {
      const key = after ? undefined : recreatingOwner(options, before);
      if (key) loop.mark(key);
    }),
  ]);
};

const ownerKey = (object: Stored<KubeObject> | undefined): string | undefined => {
  const owner = object && controllerOf(object);
  return owner?.kind === 'Deployment' ? joinKey(object?.metadata.namespace, owner.name) : undefined;
};

const keysForReplicaSet = (
  { deployments }: DeploymentControllerOptions,
  { before, after }: Change<ReplicaSet>,
): ReadonlySet<string> => {
  const owners = [ownerKey(before), ownerKey(after)].filter((key) => key !== undefined);
  if (!after || controllerOf(after)) return new Set(owners);
  const adopters = deployments
    .byIndex(BY_NAMESPACE, after.metadata.namespace ?? '')
    .filter(({ spec }) => labelSelectorMatches(spec?.selector, after.metadata.labels));
  return new Set([...owners, ...adopters.map(keyOf)]);
};

/** A Deployment that recreates waits for its last old pod to be gone. */
const recreatingOwner = (
  { deployments, replicaSets }: DeploymentControllerOptions,
  pod: Stored<Pod> | undefined,
): string | undefined => {
  const owner = pod && controllerOf(pod);
  if (owner?.kind !== 'ReplicaSet') return undefined;
  const key = ownerKey(replicaSets.get(joinKey(pod?.metadata.namespace, owner.name)));
  return key && deployments.get(key)?.spec?.strategy?.type === 'Recreate' ? key : undefined;
};

const reconcile = async (
  options: DeploymentControllerOptions,
  key: string,
): Promise<void | { readonly afterMs: number }> => {
  const deployment = options.deployments.get(key);
  if (!deployment) return;
  if (selectsEverything(deployment)) return warnSelectsEverything(options, deployment);
  const sets = splitSets(deployment, await claimSets(options, deployment));
  const done = await step(options, deployment, sets);
  const current = await copyRevision(options, deployment, done.sets);
  const facts = { deployment: current, ...done.sets, created: done.created, nowMs: options.clock.now() };
  const status = compileStatus(facts);
  await writeStatus(options, current, status);
  return later(facts, status);
};

const claimSets = (
  { client, replicaSets }: DeploymentControllerOptions,
  owner: Stored<Deployment>,
): Promise<readonly Stored<ReplicaSet>[]> => {
  const { uid, namespace = '', deletionTimestamp } = owner.metadata;
  const claims = planClaims(
    { uid, selector: owner.spec?.selector, isDeleting: deletionTimestamp !== undefined },
    [...replicaSets.byIndex(BY_CONTROLLER, uid), ...replicaSets.byIndex(ORPHANS, namespace)],
  );
  return applyClaims({
    client,
    ownerResource: deploymentResource,
    owner,
    resource: replicaSetResource,
    claims,
  });
};

type Done = { readonly sets: RolloutSets; readonly created: StatusFacts['created'] };

const step = async (
  options: DeploymentControllerOptions,
  deployment: Stored<Deployment>,
  before: RolloutSets,
): Promise<Done> => {
  const isDeleting = deployment.metadata.deletionTimestamp !== undefined;
  let sets = isDeleting ? before : await refreshNewSet(options, deployment, before);
  const rollout = selectRollout(deployment, sets, oldPodsRun(options, deployment, sets));
  let created: StatusFacts['created'];
  for (const change of compileDeployment(rollout)) {
    try {
      sets = await applyChange(options, deployment, sets, change);
      if (change.kind === 'create') created = { name: sets.newSet!.metadata.name };
    } catch (error) {
      if (change.kind === 'create') await reportFailure(options, deployment, before, error);
      throw error;
    }
  }
  return { sets, created };
};

const oldPodsRun = (
  { pods }: DeploymentControllerOptions,
  { spec }: Stored<Deployment>,
  { oldSets }: RolloutSets,
): boolean =>
  spec?.strategy?.type === 'Recreate' &&
  oldSets.some(({ metadata }) =>
    pods.byIndex(BY_CONTROLLER, metadata.uid).some((pod) => !isPodFinished(pod)),
  );

/** A collision raises collisionCount, which gives the next try another name; any other failure shows as a condition. */
const reportFailure = async (
  options: DeploymentControllerOptions,
  deployment: Stored<Deployment>,
  sets: RolloutSets,
  error: unknown,
): Promise<void> => {
  const { status, metadata } = deployment;
  if (error instanceof HashCollision) {
    const collisionCount = (status?.collisionCount ?? 0) + 1;
    return writeStatus(options, deployment, { ...status, collisionCount });
  }
  const text = error instanceof Error ? error.message : String(error);
  const failure = `Failed to create new replica set for "${metadata.name}": ${text}`;
  const facts = { deployment, ...sets, created: { failure }, nowMs: options.clock.now() };
  options.events.record(deploymentResource, deployment, {
    type: 'Warning',
    reason: 'ReplicaSetCreateError',
    message: failure,
  });
  await writeStatus(options, deployment, compileStatus(facts));
};

const writeStatus = async (
  { client }: DeploymentControllerOptions,
  deployment: Stored<Deployment>,
  status: DeploymentStatus,
): Promise<void> => {
  if (isSameStatus(deployment.status, status)) return;
  await client.updateStatus(deploymentResource, { ...deployment, status });
};

/** One second late, as Kubernetes: times have whole seconds. */
const later = (facts: StatusFacts, status: DeploymentStatus): void | { readonly afterMs: number } => {
  const dueMs = deadlineMs(facts.deployment, status);
  return dueMs === undefined ? undefined : { afterMs: Math.max(0, dueMs - facts.nowMs) + 1000 };
};

const selectsEverything = ({ spec }: Stored<Deployment>): boolean =>
  Object.keys(spec?.selector.matchLabels ?? {}).length === 0 &&
  (spec?.selector.matchExpressions ?? []).length === 0;

const warnSelectsEverything = (
  { events }: DeploymentControllerOptions,
  deployment: Stored<Deployment>,
): void => {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  events.record(deploymentResource, deployment, { type: 'Warning', reason: 'SelectingAll', message });
};
