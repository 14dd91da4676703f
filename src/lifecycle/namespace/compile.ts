// A namespace in deletion: what is left in it, as conditions that `kubectl describe namespace` shows.
// kubernetes pkg/controller/namespace/deletion (1.36).
import type { Namespace, NamespaceCondition, NamespaceStatus } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { formatTime } from '../../k8s/time.ts';

export const FINALIZER = 'kubernetes';

/** How many objects of one resource are left, and which finalizers hold how many of them. */
export type Remaining = {
  /** `pods.` or `deployments.apps`: as Kubernetes prints a group resource. */
  readonly resource: string;
  readonly count: number;
  readonly finalizers: readonly string[];
};

export type DeletionFacts = {
  readonly namespace: Stored<Namespace>;
  readonly remaining: readonly Remaining[];
  /** One message for each resource whose content could not be deleted. */
  readonly failures: readonly string[];
  readonly nowMs: number;
};

export const compileStatus = (facts: DeletionFacts): NamespaceStatus => {
  const before = facts.namespace.status?.conditions ?? [];
  const wanted = conditionsOf(facts);
  const others = before.filter(({ type }) => !wanted.some((condition) => condition.type === type));
  return {
    phase: 'Terminating',
    conditions: [...others, ...wanted.map((each) => timed(each, before, facts.nowMs))],
  };
};

type Told = Required<Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>>;

const conditionsOf = ({ remaining, failures }: DeletionFacts): readonly Told[] => [
  ok('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
  ok(
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ),
  failures.length === 0
    ? ok(
        'NamespaceDeletionContentFailure',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      )
    : bad(
        'NamespaceDeletionContentFailure',
        'ContentDeletionFailed',
        `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
      ),
  remainingCondition(remaining),
  finalizerCondition(remaining),
];

const remainingCondition = (remaining: readonly Remaining[]): Told => {
  const type = 'NamespaceContentRemaining';
  if (remaining.length === 0) return ok(type, 'ContentRemoved', 'All content successfully removed');
  const list = remaining.map(({ resource, count }) => `${resource} has ${count} resource instances`).sort();
  return bad(type, 'SomeResourcesRemain', `Some resources are remaining: ${list.join(', ')}`);
};

const finalizerCondition = (remaining: readonly Remaining[]): Told => {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const name of remaining.flatMap(({ finalizers }) => finalizers))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0)
    return ok(type, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished');
  const list = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  const message = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`;
  return bad(type, 'SomeFinalizersRemain', message);
};

const ok = (type: string, reason: string, message: string): Told => ({
  type,
  status: 'False',
  reason,
  message,
});
const bad = (type: string, reason: string, message: string): Told => ({
  type,
  status: 'True',
  reason,
  message,
});

const timed = (condition: Told, before: readonly NamespaceCondition[], nowMs: number): NamespaceCondition => {
  const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
  return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? formatTime(nowMs) };
};
