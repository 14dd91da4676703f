// Rules for ResourceQuotas (kubernetes pkg/apis/core/validation/validation.go and helper/helpers.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopeSelector } from '../../k8s/generated/types.ts';
import { qualifiedName } from '../../k8s/name-rules.ts';
import { equalJson } from '../../lang/json.ts';
import { type FieldErrors, eachEntry, ifSet, when } from './compose.ts';
import { resourceQuantity } from './resources.ts';
import { FIELD_IMMUTABLE } from './scalars.ts';

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const POD_COMPUTE = [
  ...COMPUTE,
  ...['requests', 'limits'].flatMap((prefix) => COMPUTE.map((name) => `${prefix}.${name}`)),
];
const CLAIMS = ['persistentvolumeclaims', 'requests.storage'];
const STANDARD = [
  ...POD_COMPUTE,
  ...CLAIMS,
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
];

const isStandard = (name: string): boolean =>
  STANDARD.includes(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');

export const validateResourceQuota = ({ spec }: ResourceQuota): FieldErrors =>
  ifSet(spec, (value) => [
    ...eachEntry(value.hard, 'spec.hard', (name, quantity, path) => [
      ...resourceName(name, path),
      ...resourceQuantity(name, quantity, path),
    ]),
    ...scopes(value),
    ...ifSet(value.scopeSelector, (selector) => scopeSelector(selector, value)),
  ]);

const resourceName = (name: string, path: string): FieldErrors => {
  const findings = qualifiedName(name);
  if (findings.length > 0) return findings.map((finding) => invalid(path, name, finding));
  if (name.includes('/') || isStandard(name)) return [];
  return [
    invalid(path, name, 'must be a standard resource type or fully qualified'),
    invalid(path, name, 'must be a standard resource for quota'),
  ];
};

/** Scope -> the standard resources that it can be asked of. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: ['pods', ...POD_COMPUTE],
  NotTerminating: ['pods', ...POD_COMPUTE],
  BestEffort: ['pods'],
  NotBestEffort: ['pods', ...POD_COMPUTE],
  PriorityClass: ['pods', ...POD_COMPUTE],
  CrossNamespacePodAffinity: ['pods', ...POD_COMPUTE],
  VolumeAttributesClass: CLAIMS,
};

const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

const conflicting = (names: readonly string[], value: unknown): FieldErrors =>
  OPPOSITES.filter((pair) => pair.every((name) => names.includes(name))).map(() =>
    invalid('spec.scopes', value, 'conflicting scopes'),
  );

const unfit = (scope: string, { hard }: ResourceQuotaSpec): readonly string[] =>
  Object.keys(hard ?? {}).filter((name) => isStandard(name) && SCOPES[scope]?.includes(name) === false);

const scopes = (spec: ResourceQuotaSpec): FieldErrors => {
  const names = spec.scopes ?? [];
  return [
    ...names.flatMap((scope) => [
      ...when(!SCOPES[scope], () => invalid('spec.scopes', names, 'unsupported scope')),
      ...unfit(scope, spec).map(() => invalid('spec.scopes', names, 'unsupported scope applied to resource')),
    ]),
    ...conflicting(names, names),
  ];
};

const EXPRESSIONS = 'spec.scopeSelector.matchExpressions';

const scopeSelector = (selector: ScopeSelector, spec: ResourceQuotaSpec): FieldErrors => {
  const expressions = selector.matchExpressions ?? [];
  return [
    ...expressions.flatMap(({ scopeName, operator, values = [] }) => [
      ...when(!SCOPES[scopeName], () => invalid(`${EXPRESSIONS}.scopeName`, scopeName, 'unsupported scope')),
      ...unfit(scopeName, spec).map(() =>
        invalid(EXPRESSIONS, selector, 'unsupported scope applied to resource'),
      ),
      ...when(isWithoutValues(scopeName) && operator !== 'Exists', () =>
        invalid(
          `${EXPRESSIONS}.operator`,
          operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      ),
      ...operatorValues(operator, values),
    ]),
    ...conflicting(
      expressions.map(({ scopeName }) => scopeName),
      spec.scopes ?? null,
    ),
  ];
};

/** Scopes that a pod is in or not: they have no values. */
const isWithoutValues = (scope: string): boolean =>
  SCOPES[scope] !== undefined && scope !== 'PriorityClass' && scope !== 'VolumeAttributesClass';

const operatorValues = (operator: string, values: readonly string[]): FieldErrors => {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return when(values.length === 0, () =>
        required(
          `${EXPRESSIONS}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      );
    case 'Exists':
    case 'DoesNotExist':
      return when(values.length > 0, () =>
        invalid(
          `${EXPRESSIONS}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      );
    default:
      return [invalid(`${EXPRESSIONS}.operator`, operator ?? '', 'not a valid selector operator')];
  }
};

export const validateResourceQuotaUpdate = (
  { spec }: ResourceQuota,
  { spec: before }: ResourceQuota,
): FieldErrors =>
  when(!equalJson([...(spec?.scopes ?? [])].sort(), [...(before?.scopes ?? [])].sort()), () =>
    invalid('spec.scopes', spec?.scopes ?? null, FIELD_IMMUTABLE),
  );
