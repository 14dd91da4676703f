// Sets what a value leaves out and its schema has a default for.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting (algorithm.go, prunenulls.go).
import { cloneJson, isJsonObject, setMember } from '../../../lang/json.ts';
import { ownValue } from '../../../lang/own-value.ts';
import { additionalSchema, memberSchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** In place. A null where none is allowed counts as left out. */
export const applyDefaults = (value: unknown, schema: Schema | undefined): void => {
  if (!schema) return;
  if (Array.isArray(value)) return defaultItems(value, schema.items);
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    if (member.default !== undefined && isMissing(ownValue(value, name), member))
      setMember(value, name, cloneJson(member.default));
  const others = additionalSchema(schema);
  for (const name of Object.keys(value)) {
    const member = ownValue(schema.properties, name);
    if (!member && others?.default !== undefined && isForbiddenNull(value[name], others))
      setMember(value, name, cloneJson(others.default));
    applyDefaults(value[name], member ?? others);
  }
};

const defaultItems = (list: unknown[], items: Schema | undefined): void => {
  for (const [index, item] of list.entries()) {
    if (items?.default !== undefined && isForbiddenNull(item, items)) list[index] = cloneJson(items.default);
    applyDefaults(list[index], items);
  }
};

const isMissing = (value: unknown, schema: Schema): boolean =>
  value === undefined || isForbiddenNull(value, schema);

const isForbiddenNull = (value: unknown, schema: Schema): boolean => value === null && !schema.nullable;

/** Takes members away that are null though they may not be, and have no default that would come instead. In place. */
export const dropNulls = (value: unknown, schema: Schema | undefined): void => {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema?.items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    const member = memberSchema(schema, name);
    if (member && member.default === undefined && isForbiddenNull(value[name], member)) delete value[name];
    else dropNulls(value[name], member);
  }
};
