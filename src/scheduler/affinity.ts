// Pod affinity and anti-affinity (kubernetes pkg/scheduler/framework/plugins/interpodaffinity, 1.36). Pure.
import type { PodAffinityTerm, PodSpec, WeightedPodAffinityTerm } from '../k8s/generated/types.ts';
import { ownValue } from '../lang/own-value.ts';
import type { Rejection } from './filter.ts';
import type { NodeFacts } from './select.ts';
import { type PodIdentity, isMeant } from './terms.ts';
import { type Rule, type World, domainsOf } from './world.ts';

/** Undefined if neither the pod nor any that is placed has a term: most of the time. O(placed pods). */
export const affinityRule = (
  pod: PodIdentity,
  affinity: PodSpec['affinity'],
  world: World,
): Rule | undefined => {
  const near = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const apart = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const kept = keptAway(pod, world);
  const score = preferences(pod, affinity, world);
  if (near.length + apart.length === 0 && kept.length === 0 && !score) return undefined;
  const isNear = nearTest(pod, near, world);
  const isApart = apart.map((term) => hasTaken(term, domainsWith(pod, term, world)));
  return {
    rejection: (node) => {
      if (!isNear(node)) return NOT_NEAR;
      if (isApart.some((isTaken) => isTaken(node))) return NOT_APART;
      return kept.some((isTaken) => isTaken(node)) ? KEPT_AWAY : undefined;
    },
    penalty: (node) => -(score?.(node) ?? 0),
  };
};

const NOT_NEAR: Rejection = { reasons: ["node(s) didn't match pod affinity rules"], isAboutRoom: false };
const NOT_APART: Rejection = {
  reasons: ["node(s) didn't match pod anti-affinity rules"],
  isAboutRoom: true,
};
const KEPT_AWAY: Rejection = {
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  isAboutRoom: true,
};

type Test = (node: NodeFacts) => boolean;

const hasTaken =
  ({ topologyKey }: PodAffinityTerm, taken: ReadonlyMap<string, number>): Test =>
  ({ labels }) =>
    taken.has(ownValue(labels, topologyKey) ?? '');

/** Domain -> pods that the term means. */
const domainsWith = (pod: PodIdentity, term: PodAffinityTerm, world: World): ReadonlyMap<string, number> =>
  domainsOf(world, term.topologyKey, (other) => isMeant(term, pod, other, world.namespaceLabels));

/**
 * A pod that is there counts if all terms mean it. The first of a group that wants to be together may go anywhere: no pod
 * is meant yet but the pod itself.
 */
const nearTest = (pod: PodIdentity, terms: readonly PodAffinityTerm[], world: World): Test => {
  if (terms.length === 0) return () => true;
  const meant = (other: PodIdentity): boolean =>
    terms.every((term) => isMeant(term, pod, other, world.namespaceLabels));
  const domains = terms.map(({ topologyKey }) => ({
    topologyKey,
    found: domainsOf(world, topologyKey, meant),
  }));
  const isFirst = domains.every(({ found }) => found.size === 0) && meant(pod);
  return ({ labels }) =>
    domains.every(({ topologyKey, found }) => {
      const domain = ownValue(labels, topologyKey);
      return domain !== undefined && (isFirst || found.has(domain));
    });
};

/** Pods that are there and want none like this one near them. */
const keptAway = (pod: PodIdentity, { placements, nodeByName, namespaceLabels }: World): readonly Test[] =>
  placements
    .filter(({ pod: other }) => other.antiAffinity.length > 0)
    .flatMap(({ pod: other, node }) =>
      other.antiAffinity
        .filter((term) => isMeant(term, other, pod, namespaceLabels))
        .map((term) => {
          const domain = ownValue(nodeByName.get(node)?.labels ?? {}, term.topologyKey);
          return hasTaken(term, new Map(domain === undefined ? [] : [[domain, 1]]));
        }),
    );

const preferences = (
  pod: PodIdentity,
  affinity: PodSpec['affinity'],
  world: World,
): ((node: NodeFacts) => number) | undefined => {
  const scored = (terms: readonly WeightedPodAffinityTerm[] | undefined, sign: 1 | -1) =>
    (terms ?? []).map(({ weight, podAffinityTerm: term }) => ({
      weight: sign * weight,
      topologyKey: term.topologyKey,
      found: domainsWith(pod, term, world),
    }));
  const all = [
    ...scored(affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
    ...scored(affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1),
  ];
  if (all.length === 0) return undefined;
  return ({ labels }) =>
    all.reduce(
      (sum, { weight, topologyKey, found }) =>
        sum + weight * (found.get(ownValue(labels, topologyKey) ?? '') ?? 0),
      0,
    );
};
