// The classes of pods of this node: all pods to which the same policies apply in a direction.
import type { Direction } from '../model/rules.ts';
import type { NamedPort } from '../model/world.ts';
import { hashOf } from './numbers.ts';
import type { Numbers } from './numbers.ts';
import { concerns } from './policies.ts';
import { createDecision } from './decide.ts';
import { NOTHING } from './port-line.ts';
import type { PodClass, PolicyRecord, Profile } from './records.ts';

export type Classes = {
  /** Puts the profile into the classes that its policies make. */
  readonly assign: (profile: Profile) => void;
  /** Those that are new, and those that no pod has any more; since the last call. */
  readonly takeChanged: () => { readonly born: readonly PodClass[]; readonly dead: readonly PodClass[] };
};

export const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

export const createClasses = (numbers: Numbers): Classes => {
  const classes = new Map<string, PodClass>();
  const fresh = new Set<PodClass>();
  const left = new Set<PodClass>();

  const classOf = (profile: Profile, direction: Direction): PodClass | undefined => {
    const policies = [...profile.policies].filter((policy) => concerns(policy, direction));
    if (policies.length === 0) return undefined;
    policies.sort((a, b) => (a.text < b.text ? -1 : 1));
    const namedPorts = direction === 'ingress' ? askedPorts(policies, profile) : [];
    const key = keyOf(direction, policies, namedPorts);
    const known = classes.get(key);
    if (known) return known;
    const number = numbers.take(key, hashOf(key));
    const made = emptyClass({ key, number, direction, policies, namedPorts });
    classes.set(key, made);
    fresh.add(made);
    for (const { directions } of policies) directions[direction].classes.add(made);
    return made;
  };

  return {
    assign: (profile) => {
      for (const direction of DIRECTIONS) {
        const [before, after] = [profile.classes[direction], classOf(profile, direction)];
        if (before === after) continue;
        profile.classes[direction] = after;
        before?.profiles.delete(profile);
        after?.profiles.add(profile);
        if (before?.profiles.size === 0) left.add(before);
      }
    },
    takeChanged: () => {
      const born = [...fresh].filter(({ profiles }) => profiles.size > 0);
      const emptied = [...left].filter(({ profiles }) => profiles.size === 0);
      for (const podClass of emptied) {
        classes.delete(podClass.key);
        for (const { directions } of podClass.policies)
          directions[podClass.direction].classes.delete(podClass);
      }
      fresh.clear();
      left.clear();
      return { born, dead: emptied };
    },
  };
};

/** The named ports of the profile that rules of ingress ask for, in the order of the pod. */
const askedPorts = (policies: readonly PolicyRecord[], profile: Profile): readonly NamedPort[] => {
  if (profile.namedPorts.length === 0) return [];
  const rules = policies.flatMap((policy) => policy.rules?.ingress ?? []);
  const names = new Set(
    rules.flatMap(({ ports }) =>
      ports === 'any' ? [] : ports.map((port) => (port.kind === 'named' ? port.name : undefined)),
    ),
  );
  return profile.namedPorts.filter(({ name }) => names.has(name));
};

const keyOf = (
  direction: Direction,
  policies: readonly PolicyRecord[],
  namedPorts: readonly NamedPort[],
): string => {
  const ports = namedPorts.map(({ name, protocol, port }) => `${name} ${protocol} ${port}`).sort();
  return [direction, ...policies.map(({ text }) => text), '', ...ports].join('\n');
};

const NO_DECISION = createDecision([], []);

const emptyClass = (
  identity: Pick<PodClass, 'key' | 'number' | 'direction' | 'policies' | 'namedPorts'>,
): PodClass => ({
  ...identity,
  profiles: new Set(),
  decision: NO_DECISION,
  allowed: NOTHING,
  rows: new Map(),
});
