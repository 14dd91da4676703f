// Which pods of lower priority end so that a pod finds room (kubernetes pkg/scheduler/framework/preemption, 1.36). Pure.
// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
import type { Pod, PodDisruptionBudget } from '../k8s/generated/types.ts';
import { labelSelectorMatches } from '../k8s/labels.ts';
import type { Stored } from '../k8s/objects.ts';
import type { Cluster } from './cluster.ts';
import { rejectionOf } from './filter.ts';
import type { Rejection } from './filter.ts';
import { createWorld, rulesOf } from './rules.ts';
import type { NodeFacts, PodFacts } from './select.ts';
import { usageOf } from './state.ts';
import type { Placement } from './world.ts';

export type Preemption = { readonly node: string; readonly victims: readonly PodFacts[] };

type Plan = Preemption & { readonly violations: number };

const ENDING = 'not eligible due to a terminating pod on the nominated node.';

/** Why the pod may end no others, in kube-scheduler's words: it does not want to, or room is being made for it already. */
export const ineligibility = (
  { spec, status }: Stored<Pod>,
  { priority }: PodFacts,
  { usage }: Cluster,
): string | undefined => {
  if (spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = status?.nominatedNodeName;
  if (!nominated || !usage.hasBelow(priority)) return undefined;
  const isEnding = usage
    .placements()
    .some(({ pod, node }) => node === nominated && pod.priority < priority && pod.isEnding);
  return isEnding ? ENDING : undefined;
};

/** Undefined if no node can be freed. */
export const compilePreemption = (
  pod: Stored<Pod>,
  facts: PodFacts,
  rejections: ReadonlyMap<NodeFacts, Rejection>,
  cluster: Cluster,
): Preemption | undefined => {
  if (!cluster.usage.hasBelow(facts.priority)) return undefined;
  const placements = cluster.usage.placements();
  const plans = [...rejections]
    .filter(([, { isAboutRoom }]) => isAboutRoom)
    .flatMap(([node]) => planOn(node, { pod, facts, placements, cluster }) ?? []);
  return plans.sort(compareCosts)[0];
};

type Search = {
  readonly pod: Stored<Pod>;
  readonly facts: PodFacts;
  readonly placements: readonly Placement[];
  readonly cluster: Cluster;
};

/** Takes all lower pods away, then gives back as many as it can: first what a budget protects, then the most important. */
const planOn = (node: NodeFacts, search: Search): Plan | undefined => {
  const { facts, placements, cluster } = search;
  const lower = placements
    .filter((each) => each.node === node.name && each.pod.priority < facts.priority)
    .map(({ pod }) => pod)
    .sort(byImportance);
  if (lower.length === 0) return undefined;
  const gone = new Set(lower);
  if (!fitsWithout(gone, node, search)) return undefined;
  const isProtected = protectedBy(lower, cluster.budgets);
  const [first, then] = [true, false].map((wanted) => lower.filter((pod) => isProtected(pod) === wanted));
  for (const pod of [...first!, ...then!]) {
    gone.delete(pod);
    if (!fitsWithout(gone, node, search)) gone.add(pod);
  }
  const victims = lower.filter((pod) => gone.has(pod));
  return { node: node.name, victims, violations: victims.filter(isProtected).length };
};

const fitsWithout = (
  gone: ReadonlySet<PodFacts>,
  node: NodeFacts,
  { pod, facts, placements, cluster }: Search,
): boolean => {
  const held = cluster.nominated.filter(
    (each) => each.pod.uid !== facts.uid && each.pod.priority >= facts.priority,
  );
  const left = [...placements.filter((each) => !gone.has(each.pod)), ...held];
  const keepsApart = left.some((each) => each.pod.antiAffinity.length > 0);
  const rules = rulesOf(
    pod,
    facts,
    createWorld(cluster, () => left),
    keepsApart,
  );
  const here = left.filter((each) => each.node === node.name).map((each) => each.pod);
  return rejectionOf({ pod, facts, rules }, node, usageOf(here)) === undefined;
};

/** The more important first: higher priority, then the longer run. */
const byImportance = (a: PodFacts, b: PodFacts): number =>
  b.priority - a.priority || compare(a.startMs, b.startMs) || (a.uid < b.uid ? -1 : 1);

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** Pods whose end a budget does not allow any more, if those before them in the list end as well. */
const protectedBy = (
  pods: readonly PodFacts[],
  budgets: readonly Stored<PodDisruptionBudget>[],
): ((pod: PodFacts) => boolean) => {
  const left = new Map(budgets.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]));
  const found = new Set<PodFacts>();
  for (const pod of pods)
    for (const budget of budgets.filter((each) => isOf(each, pod))) {
      const allowed = left.get(budget)! - 1;
      left.set(budget, allowed);
      if (allowed < 0) found.add(pod);
    }
  return (pod) => found.has(pod);
};

const isOf = ({ metadata, spec, status }: Stored<PodDisruptionBudget>, pod: PodFacts): boolean =>
  metadata.namespace === pod.namespace &&
  labelSelectorMatches(spec?.selector, pod.labels) &&
  status?.disruptedPods?.[pod.name] === undefined;

/** The cheapest first (pickOneNodeForPreemption). */
const compareCosts = (a: Plan, b: Plan): number =>
  a.violations - b.violations ||
  highest(a) - highest(b) ||
  total(a) - total(b) ||
  a.victims.length - b.victims.length ||
  compare(latestStart(b), latestStart(a)) ||
  (a.node < b.node ? -1 : 1);

const highest = ({ victims }: Plan): number => Math.max(...victims.map(({ priority }) => priority));

// As kube-scheduler adds them: so that negative priorities cost something too.
const total = ({ victims }: Plan): number =>
  victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);

/** The start of the most important victim: the later, the less is lost. */
const latestStart = (plan: Plan): number =>
  Math.min(
    ...plan.victims.filter(({ priority }) => priority === highest(plan)).map(({ startMs }) => startMs),
  );
