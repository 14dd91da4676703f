// An object without some of its fields.
// Source: sigs.k8s.io/structured-merge-diff/typed/remove.go.
import { setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { fieldElement } from './field-path.ts';
import { isMember } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { memberType, shapeOf } from './field-type.ts';
import type { FieldType, ListType } from './field-type.ts';
import { elementOf } from './list-items.ts';

/** A field goes with all that it holds, and one that is left with nothing goes too. Shares what stays. */
export const removeFields = (type: FieldType, object: JsonObject, fields: FieldSet): JsonObject => {
  const kept: JsonObject = {};
  for (const name of Object.keys(object)) {
    const value = without(memberType(type, name), object[name], fields[fieldElement(name)]);
    if (value !== undefined) setMember(kept, name, value);
  }
  return kept;
};

/** What is left of a value whose node in the set is `node`; undefined if nothing. */
const without = (type: FieldType, value: unknown, node: FieldSet | undefined): unknown => {
  if (!node) return value;
  if (isMember(node)) return undefined;
  const shape = shapeOf(type, value);
  if (shape.kind === 'leaf') return value;
  if (shape.kind === 'items') return orNothing(withoutItems(shape.type, shape.list, node));
  return orNothing(removeFields(type, shape.object, node));
};

const withoutItems = (type: ListType, list: readonly unknown[], fields: FieldSet): readonly unknown[] =>
  list
    .map((item, index) => without(type.items, item, fields[elementOf(type, item, index)]))
    .filter((item) => item !== undefined);

const orNothing = (value: object): object | undefined => (Object.keys(value).length > 0 ? value : undefined);
