// The node life cycle: a node whose kubelet is silent is not ready, repels pods, and loses those that it has.
import type { ApiClient } from '../../client/client.ts';
import { createEventRecorder } from '../../client/event-recorder.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import { BY_NODE } from '../../informer/pods-by-node.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Lease, Node, Pod } from '../../k8s/generated/types.ts';
import { nodeCondition } from '../../k8s/node-state.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { evict, markNotReady, writeConditions, writeTaints } from './apply.ts';
import type { NodeWriter } from './apply.ts';
import { GRACE_MS, evictingTaints, evictionMs, silentConditions, wantedTaints } from './compile.ts';
import { Heartbeats } from './heartbeats.ts';

export type NodeLifecycleOptions = {
  readonly client: ApiClient;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly leases: Informer<Lease>;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 8;
const LATE_MS = 10_000;
const LEASE_NAMESPACE = 'kube-node-lease';

type Context = NodeLifecycleOptions & NodeWriter & { readonly heartbeats: Heartbeats };

export const startNodeLifecycle = (options: NodeLifecycleOptions): Loop => {
  const events = createEventRecorder({ ...options, component: 'node-controller' });
  const context: Context = { ...options, events, heartbeats: new Heartbeats(options.clock) };
  const loop = startKeyedLoop({
    name: 'node-lifecycle',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(context, key),
    clock: options.clock,
    log: options.log,
  });
  return fedBy(loop, [
    options.leases.subscribe((change) => hearLease(context, change)),
    options.nodes.subscribe((change) => hearNode(context, loop, change)),
    options.pods.subscribe(({ after }) => {
      const node = after?.spec?.nodeName ? options.nodes.get(after.spec.nodeName) : undefined;
      if (node && evictingTaints(node).length > 0) loop.mark(node.metadata.name);
    }),
  ]);
};

const hearLease = ({ heartbeats }: Context, { after }: Change<Lease>): void => {
  if (after?.metadata.namespace !== LEASE_NAMESPACE) return;
  heartbeats.heard(after.metadata.name, after.spec?.renewTime ?? '');
};

/** A node's own status is a sign of life too, but not what we wrote into it. */
const hearNode = ({ heartbeats }: Context, loop: Loop, { key, before, after }: Change<Node>): void => {
  if (!after) return heartbeats.forget(key);
  const ready = nodeCondition(after, 'Ready');
  const wasReady = before && nodeCondition(before, 'Ready');
  const isRenewed = ready?.status !== 'Unknown' && ready?.lastHeartbeatTime !== wasReady?.lastHeartbeatTime;
  if (before && isRenewed) heartbeats.heard(key, `status ${ready?.lastHeartbeatTime}`);
  loop.mark(key);
};

/** The next look is when the present heartbeat would be too old, or when the next pod has to go. */
const reconcile = async (context: Context, name: string): Promise<void | { readonly afterMs: number }> => {
  const node = context.nodes.get(name);
  if (!node) return;
  const nowMs = context.clock.now();
  if (weSlept(context, node, nowMs)) context.heartbeats.excuse(name);
  const silentAtMs = context.heartbeats.lastMs(name) + GRACE_MS;
  const isSilent = nowMs >= silentAtMs;
  const current = await taint(context, isSilent ? await declareSilent(context, node) : node);
  const nextEvictionMs = await evictPods(context, current);
  const nextMs = Math.min(isSilent ? nowMs + GRACE_MS : silentAtMs, nextEvictionMs);
  return { afterMs: Math.max(1, nextMs - nowMs) };
};

/** This look comes much later than it was due: the machine was suspended, and its kubelets perhaps with it. */
const weSlept = ({ heartbeats }: Context, node: Stored<Node>, nowMs: number): boolean => {
  const lateMs = nowMs - heartbeats.lastMs(node.metadata.name) - GRACE_MS;
  return lateMs > LATE_MS && silentConditions(node, nowMs) !== undefined;
};

/** Looks at the pods each time: one that could not be written the first time must not stay ready. */
const declareSilent = async (context: Context, node: Stored<Node>): Promise<Stored<Node>> => {
  const conditions = silentConditions(node, context.clock.now());
  const updated = conditions ? await writeConditions(context, node, conditions) : node;
  await Promise.all(podsOn(context, node).map((pod) => markNotReady(context, pod)));
  return updated;
};

const taint = async (context: Context, node: Stored<Node>): Promise<Stored<Node>> => {
  const taints = wantedTaints(node, context.clock.now());
  return taints ? writeTaints(context, node, taints) : node;
};

/** Returns when the next pod's time is over. */
const evictPods = async (context: Context, node: Stored<Node>): Promise<number> => {
  const taints = evictingTaints(node);
  if (taints.length === 0) return Infinity;
  const nowMs = context.clock.now();
  const times = podsOn(context, node)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((pod) => ({ pod, atMs: evictionMs(pod, taints, nowMs) }));
  await Promise.all(times.filter(({ atMs }) => atMs <= nowMs).map(({ pod }) => evict(context, pod)));
  return Math.min(Infinity, ...times.map(({ atMs }) => atMs).filter((atMs) => atMs > nowMs));
};

const podsOn = ({ pods }: Context, { metadata }: Stored<Node>): readonly Stored<Pod>[] =>
  pods.byIndex(BY_NODE, metadata.name);
