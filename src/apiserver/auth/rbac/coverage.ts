// Whether some rules allow all that others do: nobody may grant what they do not have.
// The algorithm is k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go: rules are broken down until each
// speaks of one verb on one thing; those are covered by a single rule or not at all.
import type { PolicyRule } from '../../../k8s/generated/types.ts';
import { covers } from './rule.ts';

/** What `held` does not allow of `wanted`, the verbs of one resource together. */
export const missingRules = (
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] =>
  compact(wanted.flatMap(breakDown).filter((atom) => !held.some((rule) => ruleCovers(rule, atom))));

/** One verb on one resource (perhaps one object of it), or on one URL. */
type Atom = { readonly verb: string } & (
  | { readonly group: string; readonly resource: string; readonly name: string | undefined }
  | { readonly url: string }
);

const breakDown = ({
  verbs = [], // validation comes later
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: Partial<PolicyRule>): readonly Atom[] => {
  const names = resourceNames.length > 0 ? resourceNames : [undefined];
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => names.map((name) => ({ verb, group, resource, name }))),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ verb, url }))),
  ];
};

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes(wanted) || list.includes('*'));

const ruleCovers = (rule: PolicyRule, atom: Atom): boolean => {
  if (!hasOrAll(rule.verbs, atom.verb)) return false;
  if ('url' in atom) return (rule.nonResourceURLs ?? []).some((url) => covers(url, atom.url));
  return (
    hasOrAll(rule.apiGroups, atom.group) &&
    coversResource(rule.resources ?? [], atom.resource) &&
    (!rule.resourceNames?.length || (atom.name !== undefined && rule.resourceNames.includes(atom.name)))
  );
};

const coversResource = (resources: readonly string[], wanted: string): boolean => {
  if (hasOrAll(resources, wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && resources.includes(`*${wanted.slice(slash)}`);
};

const compact = (atoms: readonly Atom[]): readonly PolicyRule[] => {
  const byResource = Map.groupBy(atoms, (atom) =>
    'url' in atom || atom.name !== undefined ? atom : `${atom.group}/${atom.resource}`,
  );
  return [...byResource.values()].map((same) => ruleOf(same[0]!, [...new Set(same.map(({ verb }) => verb))]));
};

const ruleOf = (atom: Atom, verbs: readonly string[]): PolicyRule =>
  'url' in atom
    ? { nonResourceURLs: [atom.url], verbs }
    : {
        apiGroups: [atom.group],
        resources: [atom.resource],
        ...(atom.name === undefined ? {} : { resourceNames: [atom.name] }),
        verbs,
      };
