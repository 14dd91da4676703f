// Strategic merge patch: like a merge patch, but lists whose schema says so are merged item by item, and directives
// (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say what plain JSON cannot.
// https://git.k8s.io/design-proposals-archive/cli/preserve-order-in-strategic-merge-patch.md;
// behaviour: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go.
import { isJsonObject, setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';
import type { Field, SchemaNode } from '../schema/schema.ts';
import { badRequest } from '../status-errors.ts';
import { withoutDirectives } from './directives.ts';
import { applyOrder, deleteScalars, mergeLists } from './merge-lists.ts';

const SET_ORDER = '$setElementOrder/';
const DELETE_SCALARS = '$deleteFromPrimitiveList/';

/** A new object; shares with `original` what the patch does not touch. Throws BadRequest for a malformed patch. */
export const strategicMerge = (node: SchemaNode, original: JsonObject, patch: JsonObject): JsonObject => {
  if ('$patch' in patch) return wholesale(patch);
  const merged = retained(original, patch);
  for (const [key, value] of Object.entries(patch))
    if (!key.startsWith('$')) mergeMember(fieldOf(node, key), merged, key, value);
  for (const [key, value] of Object.entries(patch)) applyListDirective(node, merged, key, value);
  return merged;
};

const wholesale = ({ $patch: directive, ...rest }: JsonObject): JsonObject => {
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw badRequest(
    `unknown patch type [${directive}] in [${JSON.stringify({ $patch: directive, ...rest })}]`,
  );
};

const retained = (original: JsonObject, patch: JsonObject): JsonObject => {
  const keys = patch['$retainKeys'];
  if (keys === undefined) return { ...original };
  if (!Array.isArray(keys)) throw badRequest('invalid patch format of retainKeys');
  const kept = new Set<unknown>(keys);
  const isNamed = (key: string): boolean => key.startsWith('$') || patch[key] === null || kept.has(key);
  if (!Object.keys(patch).every(isNamed)) throw badRequest('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)));
};

const mergeMember = (field: MemberField, merged: JsonObject, key: string, value: unknown): void => {
  const before = ownValue(merged, key);
  if (value === null) delete merged[key];
  else if (isJsonObject(value) && isJsonObject(before))
    setMember(merged, key, strategicMerge(field.node, before, value));
  else if (Array.isArray(value) && Array.isArray(before) && field.isMerged)
    merged[key] = mergeLists(itemMerge(field), before, value);
  else setOrDrop(merged, key, withoutDirectives(value));
};

const setOrDrop = (merged: JsonObject, key: string, value: unknown): void => {
  if (value === undefined) delete merged[key];
  else setMember(merged, key, value);
};

const applyListDirective = (node: SchemaNode, merged: JsonObject, key: string, value: unknown): void => {
  const isOrder = key.startsWith(SET_ORDER);
  if (!isOrder && !key.startsWith(DELETE_SCALARS)) return;
  const name = key.slice(key.indexOf('/') + 1);
  if (!Array.isArray(value))
    throw badRequest(`invalid patch format of ${isOrder ? SET_ORDER : DELETE_SCALARS}list`);
  const list = merged[name];
  if (!Array.isArray(list)) return;
  merged[name] = isOrder ? applyOrder(fieldOf(node, name).mergeKey, list, value) : deleteScalars(list, value);
};

type MemberField = Pick<Field, 'node' | 'isMerged' | 'mergeKey'>;

const PLAIN: MemberField = { node: { kind: 'any' }, isMerged: false, mergeKey: undefined };

const fieldOf = (node: SchemaNode, key: string): MemberField => {
  if (node.kind === 'object') return node.fields.get(key) ?? PLAIN;
  return node.kind === 'map' ? { ...PLAIN, node: node.values } : PLAIN;
};

const itemMerge = ({ node, mergeKey }: MemberField) => {
  const items = node.kind === 'list' ? node.items : PLAIN.node;
  const merge = (original: JsonObject, patch: JsonObject): JsonObject =>
    strategicMerge(items, original, patch);
  return { mergeKey, merge };
};
