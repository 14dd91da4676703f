// Rules for environment variables.
import { invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, ifText, when } from './compose.ts';
import { configKey, dnsSubdomain, environmentName, qualified, requiredText } from './texts.ts';

export const environment = (variables: readonly EnvVar[] | undefined, path: string): FieldErrors =>
  each(variables, path, (variable, at) => [
    ...(variable.name ? environmentName(variable.name, `${at}.name`) : [required(`${at}.name`)]),
    ...ifSet(variable.valueFrom, (source) => valueFrom(source, variable.value, `${at}.valueFrom`)),
  ]);

const valueFrom = (source: EnvVarSource, value: string | undefined, path: string): FieldErrors => [
  ...ifSet(source.fieldRef, (reference) => fieldReference(reference, ENV_FIELDS, `${path}.fieldRef`)),
  ...ifSet(source.resourceFieldRef, (reference) => resourceReference(reference, `${path}.resourceFieldRef`)),
  ...ifSet(source.configMapKeyRef, (reference) => keyReference(reference, `${path}.configMapKeyRef`)),
  ...ifSet(source.secretKeyRef, (reference) => keyReference(reference, `${path}.secretKeyRef`)),
  ...exactlyOne(source, value, path),
];

const exactlyOne = (source: EnvVarSource, value: string | undefined, path: string): FieldErrors => {
  const count = Object.values(source).filter((one) => one !== undefined).length;
  if (count === 0)
    return [
      invalid(
        path,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    ];
  if (value) return [invalid(path, '', 'may not be specified when `value` is not empty')];
  return when(count > 1, () => invalid(path, '', 'may not have more than one field specified at a time'));
};

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** A field of the pod itself, in a variable or in a file: `metadata.name`, `metadata.labels['app']`. */
export const fieldReference = (
  { fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  path: string,
): FieldErrors => {
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const [, map, key] = /^(.+)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (map === 'metadata.labels') return qualified(key!, path);
  if (map === 'metadata.annotations') return qualified(key!.toLowerCase(), path);
  if (map !== undefined) return [invalid(path, map, 'does not support subscript')];
  if (supported.includes(fieldPath)) return [];
  return KNOWN_FIELDS.has(fieldPath)
    ? [notSupported(`${path}.fieldPath`, fieldPath, supported)]
    : [
        invalid(
          `${path}.fieldPath`,
          fieldPath,
          `error converting fieldPath: field label not supported: ${fieldPath}`,
        ),
      ];
};

const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export const resourceReference = (
  { resource, divisor }: ResourceFieldSelector,
  path: string,
): FieldErrors => {
  if (!resource) return [required(`${path}.resource`)];
  return [
    ...when(!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource), () =>
      notSupported(`${path}.resource`, resource, RESOURCES),
    ),
    ...divisorOf(resource, String(divisor ?? '0'), path),
  ];
};

const SIZE_DIVISORS = [
  '1',
  ...['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit) => `1${unit}`),
];

const divisorOf = (resource: string, divisor: string, path: string): FieldErrors => {
  if (divisor === '0') return [];
  const wrong = (supported: readonly string[], text: string): FieldErrors =>
    when(!supported.includes(divisor), () =>
      invalid(`${path}.divisor`, resource, `only divisor's values ${text}`),
    );
  if (resource.endsWith('.cpu')) return wrong(['1m', '1'], '1m and 1 are supported with the cpu resource');
  const sizes = SIZE_DIVISORS.join(', ');
  if (resource.endsWith('.memory'))
    return wrong(SIZE_DIVISORS, `${sizes} are supported with the memory resource`);
  if (resource.endsWith('.ephemeral-storage'))
    return wrong(SIZE_DIVISORS, `${sizes} are supported with the local ephemeral storage resource`);
  return wrong(SIZE_DIVISORS, `${sizes} are supported with the hugepages resource`);
};

/** A key of a ConfigMap or a Secret. */
const keyReference = ({ name, key }: ConfigMapKeySelector, path: string): FieldErrors => [
  ...dnsSubdomain(name ?? '', `${path}.name`),
  ...(key ? configKey(key, `${path}.key`) : [required(`${path}.key`)]),
];

export const environmentFrom = (sources: readonly EnvFromSource[] | undefined, path: string): FieldErrors =>
  each(sources, path, ({ prefix, configMapRef, secretRef }, at) => [
    ...ifText(prefix, (text) => environmentName(text, `${at}.prefix`)),
    ...ifSet(configMapRef, ({ name }) => objectName(name, `${at}.configMapRef.name`)),
    ...ifSet(secretRef, ({ name }) => objectName(name, `${at}.secretRef.name`)),
    ...when(!configMapRef && !secretRef, () =>
      invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'),
    ),
    ...when(!!configMapRef && !!secretRef, () =>
      invalid(path, '', 'may not have more than one field specified at a time'),
    ),
  ]);

const objectName = (name: string | undefined, path: string): FieldErrors =>
  name ? dnsSubdomain(name, path) : requiredText(name, path);
