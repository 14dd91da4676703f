// Which policies select which pods of this node.
import type { Labels } from '../../k8s/labels.ts';
import { selectsPod } from '../model/rules.ts';
import type { Policies } from './policies.ts';
import type { Profiles } from './profiles.ts';
import type { PolicyRecord, Profile } from './records.ts';

export type Selection = {
  /** Selects anew for these policies and for these profiles; returns the profiles whose policies may be others. */
  readonly update: (
    policies: Iterable<PolicyRecord>,
    profiles: Iterable<Profile>,
    labelsOf: (namespace: string) => Labels | undefined,
  ) => ReadonlySet<Profile>;
};

export const createSelection = (policies: Policies, profiles: Profiles): Selection => {
  /** Profiles with pods of this node: no policy is looked at for others. */
  const local = new Set<Profile>();

  const localOf = ({ rules }: PolicyRecord): Iterable<Profile> => {
    const namespaces = rules?.subject.namespaces;
    if (namespaces?.kind !== 'name') return local;
    return [...profiles.inNamespace(namespaces.name)].filter((profile) => local.has(profile));
  };

  return {
    update: (changedPolicies, changedProfiles, labelsOf) => {
      const affected = new Set<Profile>(changedProfiles);
      const offer = (record: PolicyRecord, profile: Profile): void => {
        const { namespace = '', labels } = profile;
        if (!record.rules || !selectsPod(record.rules.subject, { namespace, labels }, labelsOf(namespace)))
          return;
        record.profiles.add(profile);
        profile.policies.add(record);
        affected.add(profile);
      };
      for (const profile of affected) {
        for (const record of profile.policies) record.profiles.delete(profile);
        profile.policies.clear();
        if (profile.locals > 0) local.add(profile);
        else local.delete(profile);
        if (profile.locals > 0)
          for (const record of policies.candidatesFor(profile.namespace ?? '')) offer(record, profile);
      }
      for (const record of changedPolicies) {
        for (const profile of record.profiles) {
          profile.policies.delete(record);
          affected.add(profile);
        }
        record.profiles.clear();
        if (record.rules) for (const profile of localOf(record)) offer(record, profile);
      }
      return affected;
    },
  };
};
