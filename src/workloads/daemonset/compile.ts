// What a DaemonSet does next: first a pod on each node that should have one and none elsewhere; when that is so, the next
// pods of a rolling update. kubernetes pkg/controller/daemon/{daemon_controller,update}.go (1.36).
import type { DaemonSet, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { isPodReady, podAvailableAtMs } from '../../k8s/pod-state.ts';
import { parseTime } from '../../k8s/time.ts';
import { share } from '../share.ts';
import { HASH_LABEL, type NodeFit } from './node-fit.ts';

/** One node and the set's pods that are on it or meant for it. */
export type Place = {
  readonly node: string;
  readonly fit: NodeFit;
  readonly pods: readonly Stored<Pod>[];
};

export type DaemonSnapshot = {
  readonly set: Stored<DaemonSet>;
  readonly places: readonly Place[];
  /** Pods for nodes that are not there: they will never be scheduled. */
  readonly lost: readonly Stored<Pod>[];
  /** Of the present template. */
  readonly hash: string;
  /** Failed pods come back ever more slowly: whether the node's is due. */
  readonly isDue: (node: string) => boolean;
  readonly nowMs: number;
};

export type DaemonPlan = {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Stored<Pod>[];
};

const NOTHING: DaemonPlan = { create: [], remove: [] };

export const compileDaemonSet = (snapshot: DaemonSnapshot): DaemonPlan => {
  const { places, lost } = snapshot;
  const plan = sum(places.map((place) => managePlace(snapshot, place)));
  const managed = { ...plan, remove: [...plan.remove, ...lost] };
  if (managed.create.length + managed.remove.length > 0) return managed;
  if (snapshot.set.spec?.updateStrategy?.type !== 'RollingUpdate') return NOTHING;
  const { maxSurge, maxUnavailable } = limitsOf(snapshot);
  return maxSurge === 0 ? replaceInPlace(snapshot, maxUnavailable) : replaceBySurge(snapshot, maxSurge);
};

const sum = (plans: readonly DaemonPlan[]): DaemonPlan => ({
  create: plans.flatMap(({ create }) => create),
  remove: plans.flatMap(({ remove }) => remove),
});

const isStaying = ({ metadata }: Stored<Pod>): boolean => metadata.deletionTimestamp === undefined;

const managePlace = (snapshot: DaemonSnapshot, place: Place): DaemonPlan => {
  const { fit, node } = place;
  const staying = place.pods.filter(isStaying);
  if (fit === 'never') return { create: [], remove: staying };
  if (fit === 'run' && place.pods.length === 0) return { create: [node], remove: [] };
  const ended = staying.filter(({ status }) => isEnded(status?.phase));
  const due = ended.filter(({ status }) => status?.phase === 'Succeeded' || snapshot.isDue(node));
  const running = inOrder(staying.filter((pod) => !ended.includes(pod)));
  const extra = excess(snapshot, running);
  const isMissing = allowsSurge(snapshot) && fit === 'run' && staying.length === 0;
  return { create: isMissing ? [node] : [], remove: [...due, ...extra] };
};

export const isEnded = (phase: string | undefined): boolean => phase === 'Failed' || phase === 'Succeeded';

/** One pod a node; while surging, one of each template, until the new one is available or the old one is not. */
const excess = (snapshot: DaemonSnapshot, running: readonly Stored<Pod>[]): readonly Stored<Pod>[] => {
  if (!allowsSurge(snapshot)) return running.slice(1);
  const [fresh, ...moreFresh] = running.filter((pod) => isUpdated(snapshot, pod));
  const [stale, ...moreStale] = running.filter((pod) => !isUpdated(snapshot, pod));
  const isReplaced = fresh && stale && (!isPodReady(stale) || isAvailable(snapshot, fresh));
  return [...moreFresh, ...moreStale, ...(isReplaced ? [stale] : [])];
};

/** Bound pods first, then the oldest. */
const inOrder = (pods: readonly Stored<Pod>[]): Stored<Pod>[] =>
  [...pods].sort(
    (a, b) =>
      Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName)) ||
      parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );

/** Its one pod of each template; undefined while there are more. */
type Pair = { readonly fresh: Stored<Pod> | undefined; readonly stale: Stored<Pod> | undefined };

const pairOf = (snapshot: DaemonSnapshot, { pods }: Place): Pair => ({
  fresh: pods.find((pod) => isStaying(pod) && isUpdated(snapshot, pod)),
  stale: pods.find((pod) => isStaying(pod) && !isUpdated(snapshot, pod)),
});

/** What is not available is replaced at once; of the others as many as may be unavailable. */
const replaceInPlace = (snapshot: DaemonSnapshot, maxUnavailable: number): DaemonPlan => {
  const pairs = snapshot.places.filter(isTaken).map((place) => pairOf(snapshot, place));
  const lacks = ({ fresh, stale }: Pair): boolean =>
    (fresh !== undefined) === (stale !== undefined) || !isAvailable(snapshot, (fresh ?? stale)!);
  const unavailable = pairs.filter(lacks).length;
  const stale = pairs.flatMap((pair) => (pair.fresh || !pair.stale ? [] : [pair.stale]));
  const broken = stale.filter((pod) => !isAvailable(snapshot, pod));
  const candidates = stale.filter((pod) => isAvailable(snapshot, pod));
  return {
    create: [],
    remove: [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))],
  };
};

/** Nodes get a second pod; the first goes when that one is available. */
const replaceBySurge = (snapshot: DaemonSnapshot, maxSurge: number): DaemonPlan => {
  const places = snapshot.places
    .filter(({ fit }) => fit === 'run')
    .map((place) => ({ ...place, ...pairOf(snapshot, place) }));
  const surging = places.filter(({ fresh, stale }) => fresh && stale && !isAvailable(snapshot, fresh)).length;
  const waiting = places.filter(({ fresh, stale }) => stale && !fresh);
  const broken = waiting.filter(({ stale }) => !isAvailable(snapshot, stale!));
  const candidates = waiting.filter(({ stale }) => isAvailable(snapshot, stale!));
  const next = [...broken, ...candidates.slice(0, Math.max(0, maxSurge - surging))];
  return { create: next.map(({ node }) => node), remove: [] };
};

const isTaken = ({ fit, pods }: Place): boolean => fit === 'run' || pods.length > 0;

const limitsOf = ({
  set,
  places,
}: DaemonSnapshot): { readonly maxSurge: number; readonly maxUnavailable: number } => {
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const total = places.filter(({ fit }) => fit === 'run').length;
  const surge = share(maxSurge, total, Math.ceil);
  const unavailable = share(maxUnavailable, total, Math.ceil);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
};

const allowsSurge = ({ set }: DaemonSnapshot): boolean =>
  set.spec?.updateStrategy?.type === 'RollingUpdate' &&
  share(set.spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, 1, Math.ceil) > 0;

export const isUpdated = ({ hash }: DaemonSnapshot, { metadata }: Stored<Pod>): boolean =>
  metadata.labels?.[HASH_LABEL] === hash;

export const isAvailable = ({ set, nowMs }: DaemonSnapshot, pod: Stored<Pod>): boolean =>
  podAvailableAtMs(pod, set.spec?.minReadySeconds ?? 0) <= nowMs;

/** The pod that counts for a node: bound before waiting, old before young. */
export const representative = ({ pods }: Place): Stored<Pod> | undefined => inOrder(pods)[0];
