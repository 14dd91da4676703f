// Objects within objects (x-kubernetes-embedded-resource): their metadata is read and validated as that of any object.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta (coerce.go, validation.go).
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { ObjectMeta } from '../../../k8s/generated/types.ts';
import { dns1035Label } from '../../../k8s/name-rules.ts';
import { isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { rememberEach } from '../../../lang/remember.ts';
import { validateMeta } from '../../object-meta/validate.ts';
import { DecodeError, decode } from '../../schema/decode.ts';
import type { ObjectNode } from '../../schema/schema.ts';
import { additionalSchema, memberSchema } from './schema.ts';
import type { Schema } from './schema.ts';

const IS_EMBEDDED = 'x-kubernetes-embedded-resource';

type Visit = (object: JsonObject, path: string) => void;

/** Whether there is an embedded resource anywhere below: most schemas need not be walked. */
const embedsAny = rememberEach((schema: Schema): boolean => {
  const below = [...Object.values(schema.properties ?? {}), additionalSchema(schema), schema.items];
  return schema[IS_EMBEDDED] === true || below.some((each) => each !== undefined && embedsAny(each));
});

const eachEmbedded = (schema: Schema | undefined, value: unknown, path: string, visit: Visit): void => {
  if (!schema || !embedsAny(schema)) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) eachEmbedded(schema.items, item, `${path}[${index}]`, visit);
    return;
  }
  if (!isJsonObject(value)) return;
  if (schema[IS_EMBEDDED]) visit(value, path);
  for (const name of Object.keys(value))
    eachEmbedded(memberSchema(schema, name), value[name], path === '' ? name : `${path}.${name}`, visit);
};

/** In place: leaves of the metadata what metadata has. Returns the paths of what went. Throws DecodeError. */
export const readEmbeddedMeta = (
  schema: Schema,
  value: JsonObject,
  metadata: ObjectNode,
): readonly string[] => {
  const removed: string[] = [];
  eachEmbedded(schema, value, '', (object, path) => {
    for (const name of ['apiVersion', 'kind'])
      if (name in object && typeof object[name] !== 'string')
        throw new DecodeError(
          `${path}.${name}: Invalid value: ${JSON.stringify(object[name])}: must be a string`,
        );
    if (object['metadata'] === undefined) return;
    const { object: read, unknownFields } = decode(metadata, object['metadata']);
    object['metadata'] = read;
    removed.push(...unknownFields.map((text) => text.replace('"', `"${path}.metadata.`)));
  });
  return removed;
};

/** What is wrong with the embedded resources themselves. */
export const embeddedErrors = (schema: Schema, value: JsonObject): readonly FieldError[] => {
  const errors: FieldError[] = [];
  eachEmbedded(schema, value, '', (object, path) => errors.push(...resourceErrors(object, path)));
  return errors;
};

const resourceErrors = (object: JsonObject, path: string): readonly FieldError[] => {
  const { apiVersion, kind, metadata } = object;
  return [
    ...(apiVersion === undefined
      ? [required(`${path}.apiVersion`)]
      : apiVersionErrors(apiVersion, `${path}.apiVersion`)),
    ...(kind === undefined ? [required(`${path}.kind`)] : kindErrors(kind, `${path}.kind`)),
    ...(isJsonObject(metadata) ? metaErrors(metadata as ObjectMeta, path) : []),
  ];
};

// It need have no name: whoever makes an object of it gives it one.
const metaErrors = (meta: ObjectMeta, path: string): readonly FieldError[] =>
  validateMeta(
    { resource: { namespaced: Boolean(meta.namespace) }, nameRule: 'path' },
    { ...meta, name: meta.name || 'unnamed' },
  ).map((error) => ({ ...error, field: `${path}.${error.field}` }));

const apiVersionErrors = (apiVersion: unknown, path: string): readonly FieldError[] => {
  if (typeof apiVersion !== 'string') return [invalid(path, apiVersion, 'must be a string')];
  if (apiVersion === '') return [invalid(path, apiVersion, 'must not be empty')];
  return apiVersion.split('/').length > 2
    ? [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
    : [];
};

const kindErrors = (kind: unknown, path: string): readonly FieldError[] => {
  if (typeof kind !== 'string') return [invalid(path, kind, 'must be a string')];
  if (kind === '') return [invalid(path, kind, 'must not be empty')];
  const findings = dns1035Label(kind.toLowerCase());
  if (findings.length === 0) return [];
  return [invalid(path, kind, `may have mixed case, but should otherwise match: ${findings.join(',')}`)];
};
