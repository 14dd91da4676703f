// Which fields differ between two objects.
// Source: sigs.k8s.io/structured-merge-diff/typed/compare.go.
import { equalJson } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';
import { fieldElement } from './field-path.ts';
import { EMPTY, LEAF, isEmpty, nodeOf, outside } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { memberType, shapeOf, whenAbsent } from './field-type.ts';
import type { FieldType, ListType } from './field-type.ts';
import { itemsByElement } from './list-items.ts';

export type Comparison = {
  /** With all that lies below an added or removed field. */
  readonly added: FieldSet;
  readonly removed: FieldSet;
  /** Leaves only. */
  readonly modified: FieldSet;
};

/** O(size of both); nothing is allocated for what is equal. */
export const compare = (type: FieldType, before: JsonObject, after: JsonObject): Comparison => ({
  added: EMPTY,
  removed: EMPTY,
  modified: EMPTY,
  ...compareMembers(type, before, after),
});

export const isSame = ({ added, removed, modified }: Comparison): boolean =>
  isEmpty(added) && isEmpty(removed) && isEmpty(modified);

/** Leaves out the fields of `ignored` and what lies below them. */
export const ignoring = ({ added, removed, modified }: Comparison, ignored: FieldSet): Comparison => ({
  added: outside(added, ignored),
  removed: outside(removed, ignored),
  modified: outside(modified, ignored),
});

/** The nodes of one element in the three sets; undefined where there is nothing to tell. */
type Nodes = {
  readonly added?: FieldSet;
  readonly removed?: FieldSet;
  readonly modified?: FieldSet;
};

const compareValues = (type: FieldType, before: unknown, after: unknown): Nodes | undefined => {
  if (before === after) return undefined;
  if (before === undefined) return { added: wholeOf(type, after) };
  if (after === undefined) return { removed: wholeOf(type, before) };
  const [left, right] = [shapeOf(type, before), shapeOf(type, after)];
  if (left.kind === 'leaf' && right.kind === 'leaf')
    return equalJson(before, after) ? undefined : { modified: LEAF };
  if (left.kind === 'items')
    return compareItems(left.type, left.list, right.kind === 'items' ? right.list : []);
  if (right.kind === 'items') return compareItems(right.type, [], right.list);
  return compareMembers(
    type,
    left.kind === 'members' ? left.object : {},
    right.kind === 'members' ? right.object : {},
  );
};

/** The node of a value that is there on one side only: itself, and everything below it. */
const wholeOf = (type: FieldType, value: unknown): FieldSet => {
  const shape = shapeOf(type, value);
  const nodes: Record<string, FieldSet> = {};
  if (shape.kind === 'members') {
    for (const name of Object.keys(shape.object))
      if (shape.object[name] !== undefined)
        nodes[fieldElement(name)] = wholeOf(memberType(type, name), shape.object[name]);
  } else if (shape.kind === 'items') {
    for (const [element, [item, ...more]] of itemsByElement(shape.type, shape.list))
      nodes[element] = more.length > 0 ? LEAF : wholeOf(shape.type.items, item);
  }
  return nodeOf(nodes, true)!;
};

const compareMembers = (type: FieldType, before: JsonObject, after: JsonObject): Nodes | undefined => {
  let found: Found | undefined;
  for (const name of Object.keys(before)) {
    const nodes = compareMember(type, name, before[name], ownValue(after, name));
    if (nodes) found = collect(found, fieldElement(name), nodes);
  }
  for (const name of Object.keys(after)) {
    if (after[name] === undefined || ownValue(before, name) !== undefined) continue;
    const nodes = compareMember(type, name, undefined, after[name]);
    if (nodes) found = collect(found, fieldElement(name), nodes);
  }
  return found;
};

const compareMember = (type: FieldType, name: string, before: unknown, after: unknown): Nodes | undefined =>
  compareValues(
    memberType(type, name),
    before === undefined ? whenAbsent(type, name) : before,
    after === undefined ? whenAbsent(type, name) : after,
  );

const compareItems = (
  type: ListType,
  before: readonly unknown[],
  after: readonly unknown[],
): Nodes | undefined => {
  const [left, right] = [itemsByElement(type, before), itemsByElement(type, after)];
  let found: Found | undefined;
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const nodes = compareNamesakes(type, left.get(element) ?? [], right.get(element) ?? []);
    if (nodes) found = collect(found, element, nodes);
  }
  return found;
};

// Items that cannot be told apart are one leaf.
const compareNamesakes = (
  type: ListType,
  before: readonly unknown[],
  after: readonly unknown[],
): Nodes | undefined => {
  if (before.length <= 1 && after.length <= 1) return compareValues(type.items, before[0], after[0]);
  if (equalJson(before, after)) return undefined;
  if (before.length === 0) return { added: LEAF };
  return after.length === 0 ? { removed: LEAF } : { modified: LEAF };
};

type Found = {
  added?: Record<string, FieldSet>;
  removed?: Record<string, FieldSet>;
  modified?: Record<string, FieldSet>;
};

const collect = (found: Found = {}, element: string, { added, removed, modified }: Nodes): Found => {
  if (added) (found.added ??= {})[element] = added;
  if (removed) (found.removed ??= {})[element] = removed;
  if (modified) (found.modified ??= {})[element] = modified;
  return found;
};
