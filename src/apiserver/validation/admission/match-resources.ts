// Rules for what policies and webhooks match (kubernetes pkg/apis/admissionregistration/validation/validation.go, 1.37).
import { duplicate, invalid, required } from '../../../k8s/field-errors.ts';
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../../k8s/generated/types.ts';
import { pathSegment } from '../../../k8s/name-rules.ts';
import { each, repeatedIndexes, when } from '../compose.ts';
import type { FieldErrors } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { oneOf, optionalOneOf } from '../scalars.ts';

export const validateMatchResources = (match: MatchResources, path: string): FieldErrors => [
  ...oneOf(match.matchPolicy, ['Equivalent', 'Exact'], `${path}.matchPolicy`),
  ...labelSelector(match.namespaceSelector, `${path}.namespaceSelector`),
  ...labelSelector(match.objectSelector, `${path}.objectSelector`),
  ...each(match.resourceRules, `${path}.resourceRules`, namedRule),
  ...each(match.excludeResourceRules, `${path}.excludeResourceRules`, namedRule),
];

const namedRule = (rule: NamedRuleWithOperations, path: string): FieldErrors => {
  const names = rule.resourceNames ?? [];
  const at = (index: number): string => `${path}.resourceNames[${index}]`;
  return [
    ...names.flatMap((name, index) => pathSegment(name).map((message) => invalid(at(index), name, message))),
    ...repeatedIndexes(names, (name) => name).map((index) => duplicate(at(index), names[index])),
    ...validateRule(rule, path),
  ];
};

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** Which resources and which operations on them. */
export const validateRule = (rule: RuleWithOperations, path: string): FieldErrors => [
  ...listed(rule.operations, `${path}.operations`, 'operations'),
  ...each(rule.operations, `${path}.operations`, (operation, at) => oneOf(operation, OPERATIONS, at)),
  ...listed(rule.apiGroups, `${path}.apiGroups`, 'API groups'),
  ...listed(rule.apiVersions, `${path}.apiVersions`, 'API versions'),
  ...each(rule.apiVersions, `${path}.apiVersions`, (version, at) => when(version === '', () => required(at))),
  ...resources(rule.resources, `${path}.resources`),
  ...optionalOneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], `${path}.scope`),
];

/** Something has to be listed, and a star stands for everything, so nothing beside it. */
const listed = (items: readonly string[] | undefined, path: string, what: string): FieldErrors => {
  if (!items?.length) return [required(path)];
  return when(items.includes('*') && items.length > 1, () =>
    invalid(path, items, `if '*' is present, must not specify other ${what}`),
  );
};

const resources = (items: readonly string[] | undefined, path: string): FieldErrors => {
  if (!items?.length) return [required(path)];
  const plain = items.filter((text) => text !== '' && !text.includes('/'));
  return [
    ...subresources(items, path),
    ...when(items.length > 1 && items.includes('*/*'), () =>
      invalid(path, items, "if '*/*' is present, must not specify other resources"),
    ),
    // As in kube-apiserver, the last one decides.
    ...when(plain.includes('*') && plain.at(-1) !== '*', () =>
      invalid(path, items, "if '*' is present, must not specify other resources without subresources"),
    ),
  ];
};

/** A star before or after the slash stands for what comes later in the list. */
const subresources = (items: readonly string[], path: string): FieldErrors => {
  const stars = new Set<string>();
  return items.flatMap((text, index) => {
    const at = `${path}[${index}]`;
    if (text === '') return [required(at)];
    const slash = text.indexOf('/');
    if (slash < 0) return [];
    const covering = [`${text.slice(0, slash)}/*`, `*${text.slice(slash)}`].filter((star) => stars.has(star));
    if (text.startsWith('*/') || text.endsWith('/*')) stars.add(text);
    return covering.map((star) => invalid(at, text, `if '${star}' is present, must not specify ${text}`));
  });
};
