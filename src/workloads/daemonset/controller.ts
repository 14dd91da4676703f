// The DaemonSet controller: a pod on each node that the template is for.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { daemonSets } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import { equalJson } from '../../lang/json.ts';
import type { Log } from '../../lang/log.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { claimPods } from '../pods/claim-pods.ts';
import { Expectations } from '../pods/expectations.ts';
import { startOwnerLoop } from '../pods/owner-loop.ts';
import { writePods } from '../pods/write.ts';
import { HashCollision, type History, deleteRevisions, keepHistory } from '../revisions/apply.ts';
import { expiredRevisions } from '../revisions/history.ts';
import { isSameStatus } from '../same-status.ts';
import { type DaemonPlan, type DaemonSnapshot, compileDaemonSet, isEnded } from './compile.ts';
import { FailedPods } from './failed-pods.ts';
import { HASH_LABEL, daemonPod, nodeFit, nodeNameOf } from './node-fit.ts';
import { compileStatus, nextAvailableMs } from './status.ts';

export type DaemonSetControllerOptions = {
  readonly client: ApiClient;
  readonly daemonSets: Informer<DaemonSet>;
  readonly controllerRevisions: Informer<ControllerRevision>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 2;

type Context = DaemonSetControllerOptions & {
  readonly expectations: Expectations;
  readonly failed: FailedPods;
};

/** All informers must have synced: before that, absence means nothing. */
export const startDaemonSetController = (options: DaemonSetControllerOptions): Loop => {
  const { clock, log, pods, daemonSets: owners } = options;
  const expectations = new Expectations(clock);
  const context = { ...options, expectations, failed: new FailedPods() };
  const selectorOf = ({ spec }: Stored<DaemonSet>) => spec?.selector;
  return startOwnerLoop(
    {
      listener: { kind: 'DaemonSet', owners, selectorOf, expectations },
      pods,
      concurrency: CONCURRENCY,
      isExpected: (error) => error instanceof HashCollision,
      reconcile: (key) => reconcile(context, key),
      clock,
      log,
    },
    (loop) => [
      options.nodes.subscribe((change) => {
        if (changesFit(change)) for (const { metadata } of owners.list()) loop.mark(keyFor(metadata));
      }),
    ],
  );
};

const keyFor = ({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }) =>
  `${namespace}/${name}`;

/** Heartbeats change nothing. */
const changesFit = ({ before, after }: Change<Node>): boolean =>
  !before ||
  !after ||
  !equalJson(before.metadata.labels, after.metadata.labels) ||
  !equalJson(before.spec?.taints, after.spec?.taints);

const reconcile = async (context: Context, key: string): Promise<void | { readonly afterMs: number }> => {
  const { expectations, failed } = context;
  const set = context.daemonSets.get(key);
  if (!set) {
    failed.forget(`${key}/`);
    return expectations.forget(key);
  }
  if (set.metadata.deletionTimestamp !== undefined) return undefined;
  const history = await historyOf(context, set);
  const snapshot = await observe(context, key, set, history);
  const plan = expectations.areMet(key) ? compileDaemonSet(snapshot) : { create: [], remove: [] };
  reportEnded(context, key, snapshot, plan);
  const create = plan.create.map((node) => daemonPod(set, node, snapshot.hash));
  const failure = await writePods({ ...context, resource: daemonSets }, set, create, plan.remove);
  await writeStatus(context, snapshot);
  await truncate(context, snapshot, history);
  if (failure) throw new Error(`${key}: ${failure.message}`); // again, after a back-off
  return later(context, key, snapshot);
};

const historyOf = async (context: Context, owner: Stored<DaemonSet>): Promise<History> => {
  const { spec, status } = owner;
  try {
    return await keepHistory({
      ...context,
      resource: daemonSets,
      owner,
      selector: spec?.selector,
      collisionCount: status?.collisionCount,
      labelled: (hash) => ({ [HASH_LABEL]: hash }),
    });
  } catch (error) {
    if (error instanceof HashCollision) {
      const collisionCount = (status?.collisionCount ?? 0) + 1;
      await context.client.updateStatus(daemonSets, { ...owner, status: { ...status!, collisionCount } });
    }
    throw error;
  }
};

const observe = async (
  context: Context,
  key: string,
  set: Stored<DaemonSet>,
  { newest }: History,
): Promise<DaemonSnapshot> => {
  const options = { ...context, resource: daemonSets, owner: set, selector: set.spec?.selector };
  const pods = await claimPods(options);
  const podsByNode = Map.groupBy(pods, (pod) => nodeNameOf(pod) ?? '');
  const nodes = context.nodes.list();
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  const nowMs = context.clock.now();
  return {
    set,
    places: nodes.map((node) => ({
      node: node.metadata.name,
      fit: nodeFit(set, node),
      pods: podsByNode.get(node.metadata.name) ?? [],
    })),
    lost: pods.filter((pod) => !pod.spec?.nodeName && !known.has(nodeNameOf(pod) ?? '')),
    hash: newest.metadata.labels?.[HASH_LABEL] ?? '',
    isDue: (node) => context.failed.isDue(`${key}/${node}`, nowMs),
    nowMs,
  };
};

/** A daemon should not end: that it did is worth an event, and a wait before the next one. */
const reportEnded = (
  { events, failed }: Context,
  key: string,
  { set, nowMs }: DaemonSnapshot,
  { remove }: DaemonPlan,
): void => {
  for (const pod of remove.filter(({ status }) => isEnded(status?.phase))) {
    const { namespace, name } = pod.metadata;
    const node = nodeNameOf(pod);
    const where = `daemon pod ${namespace}/${name} on node ${node}`;
    if (pod.status?.phase === 'Failed') {
      failed.replaced(`${key}/${node}`, nowMs);
      const message = `Found failed ${where}, will try to kill it`;
      events.record(daemonSets, set, { type: 'Warning', reason: 'FailedDaemonPod', message });
    } else {
      const message = `Found succeeded ${where}, will try to delete it`;
      events.record(daemonSets, set, { type: 'Normal', reason: 'SucceededDaemonPod', message });
    }
  }
};

const writeStatus = async ({ client }: Context, snapshot: DaemonSnapshot): Promise<void> => {
  const status = compileStatus(snapshot);
  const { set } = snapshot;
  if (!isSameStatus(set.status, status)) await client.updateStatus(daemonSets, { ...set, status });
};

const truncate = async (
  { client }: Context,
  { set, places, hash }: DaemonSnapshot,
  { all }: History,
): Promise<void> => {
  const pods = places.flatMap((place) => place.pods);
  const live = new Set([hash, ...pods.map(({ metadata }) => metadata.labels?.[HASH_LABEL])]);
  const isLive = ({ metadata }: Stored<ControllerRevision>): boolean =>
    live.has(metadata.labels?.[HASH_LABEL]);
  await deleteRevisions(client, expiredRevisions(all, isLive, set.spec?.revisionHistoryLimit ?? 10));
};

/** When minReadySeconds or a back-off is over. */
const later = (
  { failed }: Context,
  key: string,
  snapshot: DaemonSnapshot,
): void | { readonly afterMs: number } => {
  const { places, nowMs } = snapshot;
  const delayed = places
    .filter(({ pods }) => pods.some(({ status }) => status?.phase === 'Failed'))
    .map(({ node }) => failed.dueMs(`${key}/${node}`));
  const times = [nextAvailableMs(snapshot) ?? Infinity, ...delayed].filter((atMs) => atMs > nowMs);
  const nextMs = Math.min(Infinity, ...times);
  return nextMs === Infinity ? undefined : { afterMs: nextMs - nowMs };
};
