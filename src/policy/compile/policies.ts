// The policies there are, by the namespace of their pods.
import { isDeepStrictEqual } from 'node:util';
import { policyKeyText } from '../model/rules.ts';
import type { Direction, PolicyKey, PolicyRules } from '../model/rules.ts';
import type { PolicyRecord } from './records.ts';

export type Policies = {
  readonly put: (rules: PolicyRules) => void;
  readonly remove: (key: PolicyKey) => void;
  /** Those that can select pods of the namespace. */
  readonly candidatesFor: (namespace: string) => Iterable<PolicyRecord>;
  /** Those that are new, other or gone since the last call. */
  readonly takeChanged: () => ReadonlySet<PolicyRecord>;
};

export const createPolicies = (): Policies => {
  const records = new Map<string, PolicyRecord>();
  const byNamespace = new Map<string, Set<PolicyRecord>>();
  let changed = new Set<PolicyRecord>();

  const unshelve = (record: PolicyRecord): void => {
    const place = placeOf(record);
    const shelf = byNamespace.get(place);
    shelf?.delete(record);
    if (shelf?.size === 0) byNamespace.delete(place);
  };

  return {
    put: (rules) => {
      const text = policyKeyText(rules.key);
      const record = records.get(text) ?? newRecord(text);
      if (isDeepStrictEqual(record.rules, rules)) return; // only its status is another, say
      if (record.rules) unshelve(record);
      record.rules = rules;
      records.set(text, record);
      byNamespace.set(placeOf(record), (byNamespace.get(placeOf(record)) ?? new Set()).add(record));
      changed.add(record);
    },
    remove: (key) => {
      const record = records.get(policyKeyText(key));
      if (!record?.rules) return;
      unshelve(record);
      record.rules = undefined; // the record stays until the flush: the policy may come again before
      changed.add(record);
    },
    candidatesFor: (namespace) => [
      ...(byNamespace.get(namespace) ?? []),
      ...(byNamespace.get(EVERYWHERE) ?? []),
    ],
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      for (const { text, rules } of taken) if (!rules) records.delete(text);
      return taken;
    },
  };
};

/** Whether the policy has a say in the direction: one of the tier NetworkPolicy isolates even without rules. */
export const concerns = ({ rules }: PolicyRecord, direction: Direction): boolean => {
  const list = rules?.[direction];
  return list !== undefined && (list.length > 0 || rules?.tier === 'NetworkPolicy');
};

/** The name of no namespace. */
const EVERYWHERE = '';

const placeOf = ({ rules }: PolicyRecord): string =>
  rules?.subject.namespaces.kind === 'name' ? rules.subject.namespaces.name : EVERYWHERE;

const newRecord = (text: string): PolicyRecord => ({
  text,
  rules: undefined,
  profiles: new Set(),
  directions: {
    ingress: { side: undefined, classes: new Set() },
    egress: { side: undefined, classes: new Set() },
  },
});
