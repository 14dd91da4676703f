// The StatefulSet controller: pods with names that stay, made and replaced in order.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer } from '../../informer/informer.ts';
import { isAlreadyExists } from '../../k8s/api-error.ts';
import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
} from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { statefulSets } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { claimPods } from '../pods/claim-pods.ts';
import { startOwnerLoop } from '../pods/owner-loop.ts';
import { HashCollision, type History, deleteRevisions, keepHistory } from '../revisions/apply.ts';
import { HASH_LABEL, expiredRevisions, templateOf } from '../revisions/history.ts';
import { isSameStatus } from '../same-status.ts';
import { type MemberWriter, applySteps, keepClaims } from './apply.ts';
import { type StatefulSnapshot, compileStatefulSet, revisionOf } from './compile.ts';
import { isMember } from './identity.ts';
import { compileStatus, nextAvailableMs } from './status.ts';

export type StatefulSetControllerOptions = {
  readonly client: ApiClient;
  readonly statefulSets: Informer<StatefulSet>;
  readonly controllerRevisions: Informer<ControllerRevision>;
  readonly persistentVolumeClaims: Informer<PersistentVolumeClaim>;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

/** All informers must have synced: before that, absence means nothing. */
export const startStatefulSetController = (options: StatefulSetControllerOptions): Loop => {
  const { statefulSets: owners, pods, clock, log } = options;
  const selectorOf = ({ spec }: Stored<StatefulSet>) => spec?.selector;
  return startOwnerLoop({
    listener: { kind: 'StatefulSet', owners, selectorOf },
    pods,
    concurrency: CONCURRENCY,
    isExpected: (error) => isAlreadyExists(error) || error instanceof HashCollision,
    reconcile: (key) => reconcile(options, key),
    clock,
    log,
  });
};

const reconcile = async (
  options: StatefulSetControllerOptions,
  key: string,
): Promise<void | { readonly afterMs: number }> => {
  const set = options.statefulSets.get(key);
  if (!set) return;
  const history = await historyOf(options, set);
  const snapshot = await observe(options, set, history);
  try {
    const writer = writerOf(options, history);
    if (set.metadata.deletionTimestamp === undefined) await keepClaims(writer, set, snapshot.pods);
    await applySteps(writer, set, compileStatefulSet(snapshot));
  } finally {
    await writeStatus(options, snapshot);
  }
  await truncate(options, snapshot, history);
  const nextMs = nextAvailableMs(snapshot);
  return nextMs === undefined ? undefined : { afterMs: nextMs - snapshot.nowMs };
};

/** A collision raises collisionCount, which gives the next try another name. */
const historyOf = async (
  options: StatefulSetControllerOptions,
  owner: Stored<StatefulSet>,
): Promise<History> => {
  const { spec, status } = owner;
  try {
    return await keepHistory({
      ...options,
      resource: statefulSets,
      owner,
      selector: spec?.selector,
      collisionCount: status?.collisionCount,
      labelled: (hash) => ({ [HASH_LABEL]: hash }),
    });
  } catch (error) {
    if (error instanceof HashCollision) {
      const collisionCount = (status?.collisionCount ?? 0) + 1;
      await options.client.updateStatus(statefulSets, {
        ...owner,
        status: { replicas: 0, ...status, collisionCount },
      });
    }
    throw error;
  }
};

const observe = async (
  options: StatefulSetControllerOptions,
  set: Stored<StatefulSet>,
  { all, newest }: History,
): Promise<StatefulSnapshot> => {
  const pods = await claimPods({
    ...options,
    resource: statefulSets,
    owner: set,
    selector: set.spec?.selector,
    accepts: (pod) => isMember(set, pod),
  });
  const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? newest;
  return {
    set,
    pods: pods.filter((pod) => isMember(set, pod)),
    currentRevision: current.metadata.name,
    updateRevision: newest.metadata.name,
    nowMs: options.clock.now(),
  };
};

const writerOf = (
  { client, events, persistentVolumeClaims: claims }: StatefulSetControllerOptions,
  { all }: History,
): MemberWriter => ({
  client,
  events,
  claims,
  templateOf: (name) => {
    const revision = all.find(({ metadata }) => metadata.name === name);
    return revision && templateOf(revision);
  },
});

const writeStatus = async (
  { client }: StatefulSetControllerOptions,
  snapshot: StatefulSnapshot,
): Promise<void> => {
  const status = compileStatus(snapshot);
  const { set } = snapshot;
  if (!isSameStatus(set.status, status)) await client.updateStatus(statefulSets, { ...set, status });
};

const truncate = async (
  { client }: StatefulSetControllerOptions,
  { set, pods, currentRevision, updateRevision }: StatefulSnapshot,
  { all }: History,
): Promise<void> => {
  const live = new Set([currentRevision, updateRevision, ...pods.map(revisionOf)]);
  const isLive = ({ metadata }: Stored<ControllerRevision>): boolean => live.has(metadata.name);
  await deleteRevisions(client, expiredRevisions(all, isLive, set.spec?.revisionHistoryLimit ?? 10));
};
