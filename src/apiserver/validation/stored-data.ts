// Rules for ConfigMaps and Secrets.
import { isDeepStrictEqual } from 'node:util';
import { forbidden, invalid, required, tooLong } from '../../k8s/field-errors.ts';
import type { ConfigMap, Secret } from '../../k8s/generated/types.ts';
import { ownValue } from '../../lang/own-value.ts';
import { type FieldErrors, eachEntry, when } from './compose.ts';
import { FIELD_IMMUTABLE } from './scalars.ts';
import { configKey } from './texts.ts';

const MAX_BYTES = 1 << 20;

type Data = Readonly<Record<string, string>> | undefined;

const textBytes = (data: Data): number =>
  Object.values(data ?? {}).reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const decodedBytes = (data: Data): number =>
  Object.values(data ?? {}).reduce((sum, text) => sum + Buffer.byteLength(text, 'base64'), 0);

export const validateConfigMap = ({ data, binaryData }: ConfigMap): FieldErrors => [
  ...eachEntry(data, 'data', (key, _value, path) => [
    ...configKey(key, path),
    ...when(ownValue(binaryData, key) !== undefined, () =>
      invalid(path, key, 'duplicate of key present in binaryData'),
    ),
  ]),
  ...eachEntry(binaryData, 'binaryData', (key, _value, path) => configKey(key, path)),
  ...when(textBytes(data) + decodedBytes(binaryData) > MAX_BYTES, () => tooLong('', MAX_BYTES)),
];

export const validateConfigMapUpdate = (map: ConfigMap, before: ConfigMap): FieldErrors =>
  unchangedWhenImmutable(map, before, ['data', 'binaryData']);

export const validateSecret = (secret: Secret): FieldErrors => [
  ...eachEntry(secret.data, 'data', (key, _value, path) => configKey(key, path)),
  ...when(decodedBytes(secret.data) > MAX_BYTES, () => tooLong('data', MAX_BYTES)),
  ...typedContent(secret),
];

export const validateSecretUpdate = (secret: Secret, before: Secret): FieldErrors => [
  ...when(secret.type !== before.type, () => invalid('type', secret.type, FIELD_IMMUTABLE)),
  ...unchangedWhenImmutable(secret, before, ['data']),
];

const unchangedWhenImmutable = <T extends ConfigMap>(
  after: T,
  before: T,
  fields: readonly ('data' | 'binaryData')[],
): FieldErrors => {
  if (!before.immutable) return [];
  const text = 'field is immutable when `immutable` is set';
  const changed = fields.filter((name) => !isDeepStrictEqual(after[name] ?? {}, before[name] ?? {}));
  return [
    ...when(!after.immutable, () => forbidden('immutable', text)),
    ...changed.map((name) => forbidden(name, text)),
  ];
};

const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

const typedContent = ({ type, data, metadata }: Secret): FieldErrors => {
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return when(!metadata?.annotations?.[ACCOUNT_NAME], () =>
        required(`metadata.annotations[${ACCOUNT_NAME}]`),
      );
    case 'kubernetes.io/dockercfg':
      return jsonAt(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return jsonAt(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return data?.['username'] === undefined && data?.['password'] === undefined
        ? [required('data[username]'), required('data[password]')]
        : [];
    case 'kubernetes.io/ssh-auth':
      return when(!data?.['ssh-privatekey'], () => required('data[ssh-privatekey]'));
    case 'kubernetes.io/tls':
      return ['tls.crt', 'tls.key']
        .filter((key) => data?.[key] === undefined)
        .map((key) => required(`data[${key}]`));
    case undefined:
    default:
      return [];
  }
};

const jsonAt = (data: Data, key: string): FieldErrors => {
  const encoded = data?.[key];
  if (encoded === undefined) return [required(`data[${key}]`)];
  try {
    JSON.parse(Buffer.from(encoded, 'base64').toString());
    return [];
  } catch (error) {
    return [invalid(`data[${key}]`, '<secret contents redacted>', (error as Error).message)];
  }
};
