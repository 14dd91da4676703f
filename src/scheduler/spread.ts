// topologySpreadConstraints (kubernetes pkg/scheduler/framework/plugins/podtopologyspread, 1.36). Pure.
// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
import type { Pod, TopologySpreadConstraint } from '../k8s/generated/types.ts';
import { labelSelectorMatches } from '../k8s/labels.ts';
import { matchesNode } from '../k8s/node-selector.ts';
import { isTolerated } from '../k8s/taints.ts';
import { ownValue } from '../lang/own-value.ts';
import type { Rejection } from './filter.ts';
import type { NodeFacts } from './select.ts';
import type { PodIdentity } from './terms.ts';
import { type Rule, type World, domainsOf } from './world.ts';

/** Undefined for a pod without constraints. O(placed pods + nodes) a constraint. */
export const spreadRule = (pod: PodIdentity, spec: Pod['spec'], world: World): Rule | undefined => {
  const constraints = spec?.topologySpreadConstraints ?? [];
  if (constraints.length === 0) return undefined;
  const spreads = constraints.map((constraint) => spreadOf(pod, spec, constraint, world));
  const [hard, soft] = [true, false].map((isHard) => spreads.filter((each) => each.isHard === isHard));
  return {
    rejection: (node) => {
      for (const spread of hard!) {
        const skew = skewAt(spread, node);
        if (skew === undefined) return UNLABELLED;
        if (skew > spread.maxSkew) return UNEVEN;
      }
      return undefined;
    },
    penalty: (node) =>
      soft!.reduce((sum, spread) => sum + (skewAt(spread, node) ?? world.placements.length), 0),
  };
};

const UNEVEN: Rejection = {
  reasons: ["node(s) didn't match pod topology spread constraints"],
  isAboutRoom: true,
};
const UNLABELLED: Rejection = {
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  isAboutRoom: false,
};

type Spread = {
  readonly isHard: boolean;
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly podsByDomain: ReadonlyMap<string, number>;
  /** Of the emptiest domain. */
  readonly least: number;
  /** 1 if the pod counts itself. */
  readonly own: number;
};

const spreadOf = (
  pod: PodIdentity,
  spec: Pod['spec'],
  constraint: TopologySpreadConstraint,
  world: World,
): Spread => {
  const { topologyKey, maxSkew, minDomains = 1, whenUnsatisfiable } = constraint;
  const counts = (other: PodIdentity): boolean =>
    other.namespace === pod.namespace &&
    labelSelectorMatches(constraint.labelSelector, other.labels) &&
    (constraint.matchLabelKeys ?? []).every(
      (key) =>
        ownValue(pod.labels, key) === undefined || ownValue(pod.labels, key) === ownValue(other.labels, key),
    );
  const nodes = world.nodes.filter((node) => isEligible(spec, constraint, node));
  const domains = new Set(nodes.map(({ labels }) => ownValue(labels, topologyKey)!));
  const inEligible = {
    ...world,
    nodeByName: new Map(nodes.map((node) => [node.name, node])),
  };
  const podsByDomain = domainsOf(inEligible, topologyKey, (other) => !other.isEnding && counts(other));
  const least = Math.min(...[...domains].map((domain) => podsByDomain.get(domain) ?? 0));
  return {
    isHard: whenUnsatisfiable === 'DoNotSchedule',
    topologyKey,
    maxSkew,
    podsByDomain,
    least: domains.size < minDomains || domains.size === 0 ? 0 : least,
    own: counts(pod) ? 1 : 0,
  };
};

/** Which nodes make domains: by default those that the pod selects, tainted or not (KEP-3094). */
const isEligible = (
  spec: Pod['spec'],
  { topologyKey, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' }: TopologySpreadConstraint,
  node: NodeFacts,
): boolean =>
  ownValue(node.labels, topologyKey) !== undefined &&
  (nodeAffinityPolicy !== 'Honor' || matchesNode({ spec }, node)) &&
  (nodeTaintsPolicy !== 'Honor' ||
    node.taints.every(
      (taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, spec?.tolerations),
    ));

/** How uneven it would be with the pod there; undefined on a node that is in no domain. */
const skewAt = (
  { topologyKey, podsByDomain, own, least }: Spread,
  { labels }: NodeFacts,
): number | undefined => {
  const domain = ownValue(labels, topologyKey);
  return domain === undefined ? undefined : (podsByDomain.get(domain) ?? 0) + own - least;
};
