// The fields that an applied configuration names: what its manager will own.
// Source: sigs.k8s.io/structured-merge-diff/typed/tofieldset.go.
import type { JsonObject } from '../../lang/json.ts';
import { fieldElement } from './field-path.ts';
import { EMPTY, LEAF, nodeOf } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { isDeclared, memberType, shapeOf } from './field-type.ts';
import type { FieldType, ListType } from './field-type.ts';
import { itemsByElement } from './list-items.ts';

/** Declared fields count by what lies below them; members of maps and items of lists count themselves too. */
export const fieldSetOf = (type: FieldType, object: JsonObject): FieldSet =>
  nodeOf(memberNodes(type, object), false) ?? EMPTY;

const valueNode = (type: FieldType, value: unknown, countsItself: boolean): FieldSet | undefined => {
  const shape = shapeOf(type, value);
  switch (shape.kind) {
    case 'leaf':
      return countsItself || !isEmptyGranularList(type, value) ? LEAF : undefined;
    case 'members':
      return nodeOf(memberNodes(type, shape.object), countsItself);
    case 'items':
      return nodeOf(itemNodes(shape.type, shape.list), countsItself);
  }
};

// It names no item, and is not owned as a whole either.
const isEmptyGranularList = (type: FieldType, value: unknown): boolean =>
  type.kind === 'list' && type.merges !== 'as a whole' && Array.isArray(value);

const memberNodes = (type: FieldType, object: JsonObject): FieldSet => {
  const nodes: Record<string, FieldSet> = {};
  for (const name of Object.keys(object)) {
    if (object[name] === undefined) continue;
    const node = valueNode(memberType(type, name), object[name], !isDeclared(type, name));
    if (node) nodes[fieldElement(name)] = node;
  }
  return nodes;
};

const itemNodes = (type: ListType, list: readonly unknown[]): FieldSet => {
  const nodes: Record<string, FieldSet> = {};
  for (const [element, [item, ...more]] of itemsByElement(type, list))
    nodes[element] = more.length > 0 ? LEAF : valueNode(type.items, item, true)!;
  return nodes;
};
