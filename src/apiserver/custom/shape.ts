// How custom resources are read: what their schema does not specify goes, what is null and may not be goes too, and
// metadata is metadata. Source: k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go,
// unstructuredSchemaCoercer.
import { isDeeperThan } from '../../lang/depth.ts';
import { cloneJson, isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { DecodeError, decode } from '../schema/decode.ts';
import type { Decoded } from '../schema/decode.ts';
import type { ObjectNode } from '../schema/schema.ts';
import { jsonTypeOf } from '../schema/scalars.ts';
import type { Shape } from '../schema/shape.ts';
import { dropNulls } from './structural/defaults.ts';
import { readEmbeddedMeta } from './structural/embedded.ts';
import { fieldTypeOf } from './structural/field-type.ts';
import { prune } from './structural/prune.ts';
import type { Schema } from './structural/schema.ts';

/** More than twice what the deepest published custom resources and their definitions have. */
const LEVELS_MAX = 250;

export const createCustomShape = (schema: Schema, metadata: Shape): Shape => {
  let fieldType: Shape['fieldType'] | undefined;
  const root = withMetadata(metadata.root!);
  return {
    decode: (value) => read(schema, root, value),
    root: undefined,
    get fieldType() {
      return (fieldType ??= fieldTypeOf(schema, metadata.fieldType));
    },
  };
};

/** So that paths in messages begin with `metadata`. */
const withMetadata = (metadata: ObjectNode): ObjectNode => ({
  kind: 'object',
  name: 'ObjectMeta',
  fields: new Map([
    ['metadata', { node: metadata, isRequired: false, isMerged: false, mergeKey: undefined }],
  ]),
});

const read = (schema: Schema, root: ObjectNode, value: unknown): Decoded => {
  if (!isJsonObject(value))
    throw new DecodeError(
      `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type map[string]interface {}`,
    );
  if (isDeeperThan(LEVELS_MAX, value)) throw new DecodeError(`json: exceeded max depth of ${LEVELS_MAX}`);
  const object = cloneJson(value);
  for (const name of ['apiVersion', 'kind'])
    if (name in object && typeof object[name] !== 'string')
      throw new DecodeError(
        `.${name} accessor error: ${String(object[name])} is of the type ${jsonTypeOf(object[name])}, expected string`,
      );
  const { unknownFields } = readMetadata(object, root);
  const pruned = prune(object, schema).map(unknownField);
  dropNulls(object, schema);
  const embedded = readEmbeddedMeta(schema, object, metadataOf(root));
  return { object, unknownFields: [...unknownFields, ...pruned, ...embedded] };
};

const unknownField = (path: string): string => `unknown field "${path}"`;

const metadataOf = (root: ObjectNode): ObjectNode => root.fields.get('metadata')!.node as ObjectNode;

// In place.
const readMetadata = (object: JsonObject, root: ObjectNode): Decoded => {
  const { metadata } = object;
  const decoded = decode(root, metadata === undefined ? {} : { metadata });
  if (decoded.object['metadata'] === undefined) delete object['metadata'];
  else object['metadata'] = decoded.object['metadata'];
  return decoded;
};
