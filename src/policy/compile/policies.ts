// Which policies apply to which pods of this node.
import type { Labels } from '../../k8s/labels.ts';
import { policyKeyText, selectsPod } from '../model/rules.ts';
import type { Direction, PolicyKey, PolicyRules } from '../model/rules.ts';
import type { Population } from './population.ts';
import type { PolicyRecord, Profile } from './records.ts';

export type Policies = {
  readonly put: (rules: PolicyRules) => void;
  readonly remove: (key: PolicyKey) => void;
  /** The policies that are new, other or gone since the last call. */
  readonly takeChanged: () => ReadonlySet<PolicyRecord>;
  /** Selects anew for these policies, and for these profiles; the profiles whose policies may be others. */
  readonly select: (
    policies: Iterable<PolicyRecord>,
    profiles: Iterable<Profile>,
    labelsOf: (namespace: string) => Labels | undefined,
  ) => ReadonlySet<Profile>;
};

export const createPolicies = (population: Population): Policies => {
  const records = new Map<string, PolicyRecord>();
  /** Those whose subject is in one namespace by its name; the others under ''. */
  const byNamespace = new Map<string, Set<PolicyRecord>>();
  /** Profiles with pods of this node. */
  const local = new Set<Profile>();
  let changed = new Set<PolicyRecord>();

  const shelve = (record: PolicyRecord): void => {
    const place = placeOf(record);
    const shelf = byNamespace.get(place) ?? new Set();
    byNamespace.set(place, shelf.add(record));
  };
  const unshelve = (record: PolicyRecord): void => {
    const shelf = byNamespace.get(placeOf(record));
    shelf?.delete(record);
    if (shelf?.size === 0) byNamespace.delete(placeOf(record));
  };
  const candidatesFor = (record: PolicyRecord): Iterable<Profile> => {
    const place = placeOf(record);
    return place === '' ? local : [...population.profilesOf(place)].filter((profile) => local.has(profile));
  };

  return {
    put: (rules) => {
      const text = policyKeyText(rules.key);
      const record = records.get(text) ?? recordOf(text);
      if (record.rules) unshelve(record);
      record.rules = rules;
      records.set(text, record);
      shelve(record);
      changed.add(record);
    },
    remove: (key) => {
      const record = records.get(policyKeyText(key));
      if (!record?.rules) return;
      unshelve(record);
      record.rules = undefined; // the record stays until the flush: the policy may come again before
      changed.add(record);
    },
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    select: (policies, profiles, labelsOf) => {
      const affected = new Set<Profile>();
      const choose = (record: PolicyRecord, profile: Profile): void => {
        const { namespace = '' } = profile;
        if (
          !record.rules ||
          !selectsPod(record.rules.subject, { ...profile, namespace }, labelsOf(namespace))
        )
          return;
        record.profiles.add(profile);
        profile.policies.add(record);
        affected.add(profile);
      };
      for (const profile of profiles) {
        forgetPolicies(profile);
        affected.add(profile);
        if (profile.locals === 0 || profile.namespace === undefined) {
          local.delete(profile);
          continue;
        }
        local.add(profile);
        for (const place of [profile.namespace, ''])
          for (const record of byNamespace.get(place) ?? []) choose(record, profile);
      }
      for (const record of policies) {
        for (const profile of record.profiles) {
          profile.policies.delete(record);
          affected.add(profile);
        }
        record.profiles.clear();
        if (record.rules) for (const profile of candidatesFor(record)) choose(record, profile);
        else records.delete(record.text);
      }
      return affected;
    },
  };
};

/** Whether the policy has a say in the direction: one of the tier NetworkPolicy isolates even without rules. */
export const concerns = ({ rules }: PolicyRecord, direction: Direction): boolean => {
  const list = rules?.[direction];
  return list !== undefined && (list.length > 0 || rules?.tier === 'NetworkPolicy');
};

const recordOf = (text: string): PolicyRecord => ({
  text,
  rules: undefined,
  profiles: new Set(),
  directions: {
    ingress: { side: undefined, classes: new Set() },
    egress: { side: undefined, classes: new Set() },
  },
});

const placeOf = ({ rules }: PolicyRecord): string =>
  rules?.subject.namespaces.kind === 'name' ? rules.subject.namespaces.name : '';

const forgetPolicies = (profile: Profile): void => {
  for (const record of profile.policies) record.profiles.delete(profile);
  profile.policies.clear();
};
