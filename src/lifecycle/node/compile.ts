// What the age of a node's heartbeat means: conditions, taints, and when its pods are evicted. Pure.
// https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller ; kubernetes pkg/controller/{nodelifecycle,tainteviction} (1.36).
import type { Node, NodeCondition, Pod, Taint } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { nodeCondition } from '../../k8s/node-state.ts';
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE, tolerates } from '../../k8s/taints.ts';
import { formatTime, parseTime } from '../../k8s/time.ts';

/** A kubelet renews its Lease every 10 s. */
export const GRACE_MS = 40_000;

const WATCHED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The node's conditions when its kubelet is silent; undefined if they say so already. */
export const silentConditions = (node: Stored<Node>, nowMs: number): readonly NodeCondition[] | undefined => {
  const before = node.status?.conditions ?? [];
  const known = before.filter(({ status }) => status !== 'Unknown');
  const never = WATCHED.filter((type) => !before.some((condition) => condition.type === type));
  if (!known.some(({ type }) => isWatched(type)) && never.length === 0) return undefined;
  return [
    ...before.map((condition) => unknownOf(condition, nowMs)),
    ...never.map((type) => neverPosted(type, nowMs)),
  ];
};

const isWatched = (type: string): boolean => (WATCHED as readonly string[]).includes(type);

const unknownOf = (condition: NodeCondition, nowMs: number): NodeCondition =>
  isWatched(condition.type) && condition.status !== 'Unknown'
    ? {
        ...condition,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: formatTime(nowMs),
      }
    : condition;

const neverPosted = (type: string, nowMs: number): NodeCondition => ({
  type,
  status: 'Unknown',
  reason: 'NodeStatusNeverUpdated',
  message: 'Kubelet never posted node status.',
  lastTransitionTime: formatTime(nowMs),
});

const OURS: ReadonlySet<string> = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE]);

/** The taints that the node's state asks for, beside those that are not ours; undefined if it has them. */
export const wantedTaints = (node: Stored<Node>, nowMs: number): readonly Taint[] | undefined => {
  const before = node.spec?.taints ?? [];
  const wanted = stateTaints(node);
  const isSame = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
  const stays = before.filter((taint) => !OURS.has(taint.key) || wanted.some((each) => isSame(each, taint)));
  const added = wanted.filter((taint) => !before.some((each) => isSame(each, taint)));
  if (added.length === 0 && stays.length === before.length) return undefined;
  return [...stays, ...added.map((taint) => ({ ...taint, timeAdded: formatTime(nowMs) }))];
};

const stateTaints = (node: Stored<Node>): readonly Taint[] => {
  const ready = nodeCondition(node, 'Ready')?.status;
  const key = ready === 'Unknown' ? UNREACHABLE : NOT_READY;
  const repelling = ready === 'True' ? [] : [NO_SCHEDULE, NO_EXECUTE].map((effect) => ({ key, effect }));
  const cordon = node.spec?.unschedulable === true ? [{ key: UNSCHEDULABLE, effect: NO_SCHEDULE }] : [];
  return [...repelling, ...cordon];
};

const NO_SCHEDULE = 'NoSchedule';
const NO_EXECUTE = 'NoExecute';

export const evictingTaints = ({ spec }: Stored<Node>): readonly Taint[] =>
  (spec?.taints ?? []).filter(({ effect }) => effect === NO_EXECUTE);

/** When the taints drive the pod away, in milliseconds since the epoch; Infinity: never. */
export const evictionMs = ({ spec }: Stored<Pod>, taints: readonly Taint[], nowMs: number): number =>
  Math.min(Infinity, ...taints.map((taint) => toleratedUntilMs(spec?.tolerations ?? [], taint, nowMs)));

/** The shortest of the tolerations that match; no time in a toleration is for ever. */
const toleratedUntilMs = (
  tolerations: NonNullable<NonNullable<Pod['spec']>['tolerations']>,
  taint: Taint,
  nowMs: number,
): number => {
  const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return nowMs;
  const seconds = Math.min(...matching.map(({ tolerationSeconds }) => tolerationSeconds ?? Infinity));
  const sinceMs = taint.timeAdded === undefined ? nowMs : parseTime(taint.timeAdded);
  return sinceMs + Math.max(0, seconds) * 1000;
};
