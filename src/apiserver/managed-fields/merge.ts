// A configuration laid over an object: its values win, what it does not name stays.
// Source: sigs.k8s.io/structured-merge-diff/typed/merge.go.
import { setMember } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';
import { memberType, shapeOf } from './field-type.ts';
import type { FieldType, ListType } from './field-type.ts';
import { elementOf, itemsByElement } from './list-items.ts';

/** A new object; shares what only one side has. The configuration has been checked: its items are told apart. */
export const merge = (type: FieldType, live: JsonObject, config: JsonObject): JsonObject => {
  const merged: JsonObject = { ...live };
  for (const name of Object.keys(config))
    if (config[name] !== undefined)
      setMember(merged, name, mergeValues(memberType(type, name), ownValue(live, name), config[name]));
  return merged;
};

const mergeValues = (type: FieldType, live: unknown, config: unknown): unknown => {
  const shape = shapeOf(type, live);
  if (shape.kind === 'leaf') return config;
  // Nothing to lay over: an empty or null configuration of something granular names none of it.
  const over = shapeOf(type, config);
  if (over.kind === 'leaf') return live;
  if (shape.kind === 'items' && over.kind === 'items') return mergeItems(shape.type, shape.list, over.list);
  return merge(type, live as JsonObject, config as JsonObject);
};

/**
 * The configuration's items come in its order. Others keep their place before those that follow them in the live list,
 * as far as both orders allow.
 */
const mergeItems = (
  type: ListType,
  live: readonly unknown[],
  config: readonly unknown[],
): readonly unknown[] => {
  const wanted = config.map((item, index) => elementOf(type, item, index));
  const [placeOf, liveItems] = [
    new Map(wanted.entries().map(([place, element]) => [element, place])),
    itemsByElement(type, live),
  ];
  const shared = wanted.filter((element) => liveItems.has(element)).values();
  const mergedAt = (place: number): unknown => {
    const [before] = liveItems.get(wanted[place]!) ?? [];
    return before === undefined ? config[place] : mergeValues(type.items, before, config[place]);
  };
  const merged: unknown[] = [];
  let [next, at] = [shared.next().value, 0];
  for (const [index, item] of live.entries()) {
    const element = elementOf(type, item, index);
    if (!placeOf.has(element)) merged.push(item);
    if (element !== next) continue;
    while (at <= placeOf.get(element)!) merged.push(mergedAt(at++));
    next = shared.next().value;
  }
  while (at < wanted.length) merged.push(mergedAt(at++));
  return merged;
};
