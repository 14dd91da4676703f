// The annotations that a Deployment keeps on its ReplicaSets: revision, history, and the sizes of the Deployment.
import type { Deployment, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** Each revision keeps its own, or they speak of the Deployment alone. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

/** As kubernetes limits it: older revisions fall out of the history. */
const HISTORY_CHARS_MAX = 2000;

type Annotations = Readonly<Record<string, string>>;

const numberIn = (replicaSet: Stored<ReplicaSet>, name: string): number | undefined => {
  const text = replicaSet.metadata.annotations?.[name];
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
};

export const revisionOf = (replicaSet: Stored<ReplicaSet>): number => numberIn(replicaSet, REVISION) ?? 0;
/** The Deployment's replicas when the ReplicaSet was scaled last: another number now means that a user scaled. */
export const desiredReplicasOf = (replicaSet: Stored<ReplicaSet>): number | undefined =>
  numberIn(replicaSet, DESIRED_REPLICAS);
/** The same with the surge; the base of proportional scaling. */
export const maxReplicasOf = (replicaSet: Stored<ReplicaSet>): number | undefined =>
  numberIn(replicaSet, MAX_REPLICAS);

export const sizeAnnotations = (replicas: number, maxSurge: number): Annotations => ({
  [DESIRED_REPLICAS]: String(replicas),
  [MAX_REPLICAS]: String(replicas + maxSurge),
});

/** The revision that the newest ReplicaSet must have at least: one more than any other. */
export const nextRevision = (oldSets: readonly Stored<ReplicaSet>[]): number =>
  Math.max(0, ...oldSets.map(revisionOf)) + 1;

/** The Deployment's own annotations as its newest ReplicaSet carries them (`kubernetes.io/change-cause` is one). */
export const copiedAnnotations = (deployment: Stored<Deployment>): Annotations =>
  Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !NOT_COPIED.has(name)),
  );

/**
 * The annotations for an existing newest ReplicaSet: the Deployment's, its revision raised to `revision` and the one
 * before remembered. Undefined if all that is so already.
 */
export const refreshedAnnotations = (
  deployment: Stored<Deployment>,
  replicaSet: Stored<ReplicaSet>,
  revision: number,
): Annotations | undefined => {
  const before = replicaSet.metadata.annotations ?? {};
  const after = { ...before, ...copiedAnnotations(deployment), ...raisedRevision(replicaSet, revision) };
  return Object.entries(after).some(([name, value]) => before[name] !== value) ? after : undefined;
};

const raisedRevision = (replicaSet: Stored<ReplicaSet>, revision: number): Annotations => {
  const before = revisionOf(replicaSet);
  if (before >= revision) return {};
  if (before === 0) return { [REVISION]: String(revision) };
  const history = [
    ...(replicaSet.metadata.annotations?.[REVISION_HISTORY]?.split(',') ?? []),
    String(before),
  ];
  while (history.join(',').length > HISTORY_CHARS_MAX) history.shift();
  return { [REVISION]: String(revision), [REVISION_HISTORY]: history.filter(Boolean).join(',') };
};
