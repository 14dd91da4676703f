// Rules for StatefulSets (kubernetes pkg/apis/apps/validation/validation.go).
import { forbidden, invalid, required } from '../../../k8s/field-errors.ts';
import type {
  PodTemplateSpec,
  RollingUpdateStatefulSetStrategy,
  StatefulSet,
  StatefulSetSpec,
} from '../../../k8s/generated/types.ts';
import { equalJson } from '../../../lang/json.ts';
import { type FieldErrors, each, ifSet, ifText, when } from '../compose.ts';
import { claimSpec } from '../persistent-volume-claim.ts';
import { notNegative, oneOf } from '../scalars.ts';
import { dnsLabel } from '../texts.ts';
import { atMostAll, countOrPercent, isZero } from './limits.ts';
import { endlessTemplate, selectorAndLabels } from './template.ts';

export const validateStatefulSet = (
  { spec }: StatefulSet,
  _context: unknown,
  before?: StatefulSet,
): FieldErrors =>
  ifSet(spec, (value) => [
    ...managementPolicy(value.podManagementPolicy, 'spec.podManagementPolicy'),
    ...updateStrategy(value.updateStrategy, 'spec.updateStrategy'),
    ...ifSet(value.persistentVolumeClaimRetentionPolicy, ({ whenDeleted, whenScaled }) => [
      ...oneOf(whenDeleted, RETENTION, 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted'),
      ...oneOf(whenScaled, RETENTION, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled'),
    ]),
    // What an update cannot change is not looked at again.
    ...(before ? [] : createdOnly(value)),
    ...notNegative(value.replicas, 'spec.replicas'),
    ...notNegative(value.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(value.ordinals?.start, 'spec.ordinals.start'),
    ...selectorAndLabels(value, 'statefulset'),
    ...endlessTemplate(templateOfPods(value), 'StatefulSet'),
  ]);

const RETENTION = ['Retain', 'Delete'];

const createdOnly = ({ volumeClaimTemplates, serviceName }: StatefulSetSpec): FieldErrors => [
  ...each(volumeClaimTemplates, 'spec.volumeClaimTemplates', (claim, at) =>
    claimSpec(claim.spec ?? {}, `${at}.spec`),
  ),
  ...ifText(serviceName, (name) => dnsLabel(name, 'spec.serviceName')),
];

const managementPolicy = (policy: string | undefined, path: string): FieldErrors => {
  if (!policy) return [required(path)];
  return when(policy !== 'OrderedReady' && policy !== 'Parallel', () =>
    invalid(path, policy, "must be 'OrderedReady' or 'Parallel'"),
  );
};

const updateStrategy = (strategy: StatefulSetSpec['updateStrategy'], path: string): FieldErrors => {
  const { type, rollingUpdate } = strategy ?? {};
  switch (type) {
    case 'OnDelete':
      return when(rollingUpdate !== undefined, () =>
        invalid(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"),
      );
    case 'RollingUpdate':
      return ifSet(rollingUpdate, (rolling) => rollingRules(rolling, `${path}.rollingUpdate`));
    case undefined:
      return [required(path)];
    default:
      return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
};

const rollingRules = (
  { partition, maxUnavailable }: RollingUpdateStatefulSetStrategy,
  path: string,
): FieldErrors => [
  ...notNegative(partition, `${path}.partition`),
  ...ifSet(maxUnavailable, (value) => [
    ...countOrPercent(value, `${path}.maxUnavailable`),
    ...when(isZero(value), () => invalid(`${path}.maxUnavailable`, value, 'cannot be 0')),
    ...atMostAll(value, `${path}.maxUnavailable`),
  ]),
];

/** As the pods will have it: claims are volumes, and hostname and subdomain are the controller's to set. */
const templateOfPods = ({
  template,
  volumeClaimTemplates = [],
}: StatefulSetSpec): PodTemplateSpec | undefined => {
  if (!template?.spec) return template;
  const claims = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '');
  const claimed = new Set(claims);
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claimed.has(name));
  const volumes = [...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })), ...own];
  const { hostname: _host, subdomain: _sub, volumes: _volumes, ...spec } = template.spec;
  return { ...template, spec: { ...spec, ...(volumes.length > 0 ? { volumes } : {}) } };
};

const CHANGEABLE = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const;

export const validateStatefulSetUpdate = (after: StatefulSet, before: StatefulSet): FieldErrors =>
  when(!equalJson(fixedPart(after), fixedPart(before)), () =>
    forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  );

const fixedPart = ({ spec }: StatefulSet): unknown =>
  Object.fromEntries(
    Object.entries(spec ?? {}).filter(([field]) => !(CHANGEABLE as readonly string[]).includes(field)),
  );
