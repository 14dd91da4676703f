// Takes from a value what its schema does not specify.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go.
import { isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { META_FIELDS, additionalSchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** In place. Returns the paths of what went, sorted: `spec.a[0].b`. What a resource says of itself stays. */
export const prune = (object: JsonObject, schema: Schema): readonly string[] => {
  const removed: string[] = [];
  pruneValue(object, { ...schema, 'x-kubernetes-embedded-resource': true }, '', removed);
  return removed.sort();
};

const pruneValue = (value: unknown, schema: Schema | undefined, path: string, removed: string[]): void => {
  if (schema?.['x-kubernetes-preserve-unknown-fields']) return keepValue(value, schema, path, removed);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      pruneValue(item, schema?.items, `${path}[${index}]`, removed);
  } else if (isJsonObject(value)) pruneMembers(value, schema, path, removed);
};

const pruneMembers = (
  object: JsonObject,
  schema: Schema | undefined,
  path: string,
  removed: string[],
): void => {
  for (const name of Object.keys(object)) {
    if (schema?.['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue;
    const here = path === '' ? name : `${path}.${name}`;
    const member = ownValue(schema?.properties, name);
    if (member) pruneValue(object[name], member, here, removed);
    else if (schema?.additionalProperties) pruneValue(object[name], additionalSchema(schema), here, removed);
    else {
      removed.push(here);
      delete object[name];
    }
  }
};

// Unknown members stay; within the known ones the schema counts again.
const keepValue = (value: unknown, schema: Schema | undefined, path: string, removed: string[]): void => {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) keepValue(item, schema.items, `${path}[${index}]`, removed);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    if (schema['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue;
    const here = path === '' ? name : `${path}.${name}`;
    const member = ownValue(schema.properties, name);
    if (member) pruneValue(value[name], member, here, removed);
    else if (schema.additionalProperties) pruneValue(value[name], additionalSchema(schema), here, removed);
  }
};
