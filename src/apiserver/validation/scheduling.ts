// Rules for tolerations, taints, spreading and gates.
import { duplicate, forbidden, invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type {
  PodSchedulingGate,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../../k8s/generated/types.ts';
import { labelValue } from '../../k8s/name-rules.ts';
import { ownValue } from '../../lang/own-value.ts';
import { type FieldErrors, each, ifSet, ifText, repeatedIndexes, when } from './compose.ts';
import { labelSelector } from './labels.ts';
import { oneOf, optionalOneOf } from './scalars.ts';
import { qualified } from './texts.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const tolerations = (list: readonly Toleration[] | undefined, path: string): FieldErrors =>
  each(list, path, (toleration, at) => [
    ...ifText(toleration.key, (key) => qualified(key, `${at}.key`)),
    ...when(!toleration.key && toleration.operator !== 'Exists', () =>
      invalid(
        `${at}.operator`,
        toleration.operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ),
    ...when(toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute', () =>
      invalid(
        `${at}.effect`,
        toleration.effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    ),
    ...tolerationValue(toleration, `${at}.operator`),
    ...ifText(toleration.effect, (effect) => optionalOneOf(effect, EFFECTS, `${at}.effect`)),
  ]);

const tolerationValue = ({ operator, value = '' }: Toleration, path: string): FieldErrors => {
  switch (operator) {
    case undefined:
    case '':
    case 'Equal': {
      const findings = labelValue(value);
      return when(findings.length > 0, () => invalid(path, value, findings.join(';')));
    }
    case 'Exists':
      return when(value !== '', () =>
        invalid(path, value, "value must be empty when `operator` is 'Exists'"),
      );
    default:
      return [notSupported(path, operator, ['Equal', 'Exists'])];
  }
};

export const taints = (list: readonly Taint[] | undefined, path: string): FieldErrors => {
  const repeated = new Set(repeatedIndexes(list, ({ key, effect }) => `${effect} ${key}`));
  return each(list, path, (taint, at, index) => {
    const findings = labelValue(taint.value ?? '');
    const twice = duplicate(at, taint);
    return [
      ...qualified(taint.key ?? '', `${at}.key`),
      ...when(findings.length > 0, () => invalid(`${at}.value`, taint.value, findings.join(';'))),
      ...oneOf(taint.effect, EFFECTS, `${at}.effect`),
      ...when(repeated.has(index), () => ({
        ...twice,
        message: `${twice.message}: taints must be unique by key and effect pair`,
      })),
    ];
  });
};

export const schedulingGates = (
  gates: readonly PodSchedulingGate[] | undefined,
  path: string,
): FieldErrors => {
  const repeated = new Set(repeatedIndexes(gates, ({ name }) => name));
  return each(gates, path, ({ name }, at, index) => [
    ...qualified(name ?? '', at),
    ...when(repeated.has(index), () => duplicate(at, name)),
  ]);
};

export const topologySpread = (
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): FieldErrors => {
  const keyOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string =>
    `${whenUnsatisfiable} ${topologyKey}`;
  const last = new Map(constraints?.map((constraint, index) => [keyOf(constraint), index]));
  return each(constraints, path, (constraint, at, index) => {
    const { topologyKey, whenUnsatisfiable } = constraint;
    return [
      ...when(!(constraint.maxSkew > 0), () =>
        invalid(`${at}.maxSkew`, constraint.maxSkew ?? 0, 'must be greater than zero'),
      ),
      ...when(!topologyKey, () => required(`${at}.topologyKey`, 'can not be empty')),
      ...optionalOneOf(
        whenUnsatisfiable ?? '',
        ['DoNotSchedule', 'ScheduleAnyway'],
        `${at}.whenUnsatisfiable`,
      ),
      ...when(last.get(keyOf(constraint)) !== index, () =>
        duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`),
      ),
      ...spreadDetails(constraint, at),
    ];
  });
};

const spreadDetails = (constraint: TopologySpreadConstraint, path: string): FieldErrors => [
  ...ifSet(constraint.minDomains, (domains) => [
    ...when(domains <= 0, () => invalid(`${path}.minDomains`, domains, 'must be greater than zero')),
    ...when(constraint.whenUnsatisfiable !== 'DoNotSchedule', () =>
      invalid(
        `${path}.minDomains`,
        domains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${constraint.whenUnsatisfiable}`,
      ),
    ),
  ]),
  ...optionalOneOf(constraint.nodeAffinityPolicy, ['Honor', 'Ignore'], `${path}.nodeAffinityPolicy`),
  ...optionalOneOf(constraint.nodeTaintsPolicy, ['Honor', 'Ignore'], `${path}.nodeTaintsPolicy`),
  ...when(!!constraint.matchLabelKeys?.length && !constraint.labelSelector, () =>
    forbidden(`${path}.matchLabelKeys`, 'must not be specified when labelSelector is not set'),
  ),
  ...each(constraint.matchLabelKeys, `${path}.matchLabelKeys`, (key, at) => [
    ...qualified(key, at),
    ...when(ownValue(constraint.labelSelector?.matchLabels, key) !== undefined, () =>
      invalid(at, key, 'exists in both matchLabelKeys and labelSelector'),
    ),
  ]),
  ...labelSelector(constraint.labelSelector, `${path}.labelSelector`),
];
