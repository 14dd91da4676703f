// What one rule of a role allows (kubernetes pkg/apis/rbac/v1/evaluation_helpers.go).
import type { PolicyRule } from '../../../k8s/generated/types.ts';
import { type Attributes, resourceText } from '../attributes.ts';

const ALL = '*';

export const ruleAllows = (rule: PolicyRule, attributes: Attributes): boolean => {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (attributes.kind === 'path')
    return (rule.nonResourceURLs ?? []).some((url) => covers(url, attributes.path));
  return (
    hasOrAll(rule.apiGroups, attributes.group) &&
    allowsResource(rule, attributes) &&
    allowsName(rule.resourceNames, attributes.name)
  );
};

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes(wanted) || list.includes(ALL));

/** `pods/log`, `*` for all, or a subresource of everything: `*` and `/scale`. A resource alone has no subresources. */
const allowsResource = (
  { resources = [] }: PolicyRule,
  names: { readonly resource: string; readonly subresource?: string | undefined },
): boolean =>
  hasOrAll(resources, resourceText(names)) ||
  (!!names.subresource && resources.includes(`*/${names.subresource}`));

/** A list of names does not allow what has none: a create, or a list without a field selector for the name. */
const allowsName = (names: readonly string[] | undefined, name: string | undefined): boolean =>
  !names?.length || names.includes(name ?? '');

/** A URL of a rule is exact, or a prefix that ends in `*`. */
export const covers = (url: string, path: string): boolean =>
  url === path || (url.endsWith(ALL) && path.startsWith(url.replace(/\*+$/, '')));

/** As kube-apiserver prints a rule in refusals: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export const ruleText = ({
  apiGroups,
  resources,
  nonResourceURLs,
  resourceNames,
  verbs,
}: PolicyRule): string =>
  `{${Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  })
    .filter(([, list]) => list && list.length > 0)
    .map(([name, list]) => `${name}:${quotedList(list!)}`)
    .join(', ')}}`;

/** Go's %q of a []string. */
export const quotedList = (list: readonly string[]): string =>
  `[${list.map((item) => JSON.stringify(item)).join(' ')}]`;
