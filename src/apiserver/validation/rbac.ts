// Rules for roles and their bindings (kubernetes pkg/apis/rbac/validation/validation.go).
import { invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../k8s/generated/types.ts';
import { dns1123Subdomain, pathSegment } from '../../k8s/name-rules.ts';
import { equalJson } from '../../lang/json.ts';
import { type FieldErrors, each, ifSet, ifText, when } from './compose.ts';
import { labelSelector } from './labels.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const validateRole = ({ rules }: Role): FieldErrors =>
  each(rules, 'rules', (rule, path) => [...namespacedRule(rule, path), ...policyRule(rule, path)]);

export const validateClusterRole = ({ rules, aggregationRule }: ClusterRole): FieldErrors => [
  ...each(rules, 'rules', policyRule),
  ...ifSet(aggregationRule, ({ clusterRoleSelectors }) => [
    ...when(!clusterRoleSelectors?.length, () =>
      required(
        'aggregationRule.clusterRoleSelectors',
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      ),
    ),
    ...each(clusterRoleSelectors, 'aggregationRule.clusterRoleSelectors', labelSelector),
  ]),
];

export const validateRoleBinding = ({ roleRef, subjects }: RoleBinding): FieldErrors => [
  ...reference(roleRef, ['Role', 'ClusterRole']),
  ...each(subjects, 'subjects', subject),
];

export const validateClusterRoleBinding = ({ roleRef, subjects }: ClusterRoleBinding): FieldErrors => [
  ...reference(roleRef, ['ClusterRole']),
  ...each(subjects, 'subjects', (item, path) => [...subject(item, path), ...ownNamespace(item, path)]),
];

/** Who may bind one role could otherwise, by an update, bind another. */
export const validateRoleRefUpdate = (
  { roleRef }: Pick<RoleBinding, 'roleRef'>,
  before: Pick<RoleBinding, 'roleRef'>,
): FieldErrors =>
  when(!equalJson(roleRef, before.roleRef), () => invalid('roleRef', roleRef, 'cannot change roleRef'));

const namespacedRule = ({ nonResourceURLs }: PolicyRule, path: string): FieldErrors =>
  when(!!nonResourceURLs?.length, () =>
    invalid(`${path}.nonResourceURLs`, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
  );

const policyRule = (rule: PolicyRule, path: string): FieldErrors => [
  ...when(!rule.verbs?.length, () => required(`${path}.verbs`, 'verbs must contain at least one value')),
  ...(rule.nonResourceURLs?.length ? urlRule(rule, path) : resourceRule(rule, path)),
];

const urlRule = (
  { nonResourceURLs, apiGroups, resources, resourceNames }: PolicyRule,
  path: string,
): FieldErrors =>
  when(
    [apiGroups, resources, resourceNames].some((list) => !!list?.length),
    () =>
      invalid(
        `${path}.nonResourceURLs`,
        nonResourceURLs,
        'rules cannot apply to both regular resources and non-resource URLs',
      ),
  );

const resourceRule = ({ apiGroups, resources }: PolicyRule, path: string): FieldErrors => [
  ...when(!apiGroups?.length, () =>
    required(`${path}.apiGroups`, 'resource rules must supply at least one api group'),
  ),
  ...when(!resources?.length, () =>
    required(`${path}.resources`, 'resource rules must supply at least one resource'),
  ),
];

const reference = (
  { apiGroup = '', kind = '', name = '' }: Partial<RoleRef> = {},
  kinds: readonly string[],
): FieldErrors => [
  ...when(apiGroup !== GROUP, () => notSupported('roleRef.apiGroup', apiGroup, [GROUP])),
  ...when(!kinds.includes(kind), () => notSupported('roleRef.kind', kind, kinds)),
  ...when(!name, () => required('roleRef.name')),
  ...ifText(name, (text) => pathSegment(text).map((finding) => invalid('roleRef.name', text, finding))),
];

const subject = ({ kind = '', name = '', apiGroup = '' }: Partial<Subject>, path: string): FieldErrors => [
  ...when(!name, () => required(`${path}.name`)),
  ...subjectKind(kind, name, apiGroup, path),
];

const subjectKind = (kind: string, name: string, apiGroup: string, path: string): FieldErrors => {
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...ifText(name, (text) =>
          dns1123Subdomain(text).map((finding) => invalid(`${path}.name`, text, finding)),
        ),
        ...when(apiGroup !== '', () => notSupported(`${path}.apiGroup`, apiGroup, [''])),
      ];
    case 'User':
    case 'Group':
      return when(apiGroup !== GROUP, () => notSupported(`${path}.apiGroup`, apiGroup, [GROUP]));
    default:
      return [notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
};

const ownNamespace = ({ kind, namespace }: Subject, path: string): FieldErrors =>
  when(kind === 'ServiceAccount' && !namespace, () => required(`${path}.namespace`));
