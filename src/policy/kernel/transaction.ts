// Changes of elements as the kernel is asked for them.
import type { NftElementChange } from '../../kernel/nft-elements.ts';
import type { AddedElement, Elements, MapName } from '../compile/elements.ts';
import { isResolved } from './diff.ts';
import { elementSet } from './element-sets.ts';

/** With the value that it has. */
export type Removal = readonly [map: MapName, key: string, value: string];

/** Removes elements and then adds others. */
export const elementChanges = (
  remove: readonly Removal[],
  add: readonly AddedElement[],
  nowMs: number,
): readonly NftElementChange[] => [
  ...remove.filter(([map]) => isResolved(map)).map(ensured),
  ...remove.map(([map, key]) => ({ verb: 'delete', set: elementSet(map), element: key }) as const),
  ...add.flatMap((element) => added(element, nowMs)),
];

/** All elements as additions. */
export const additionsOf = (elements: Elements): readonly AddedElement[] =>
  [...elements].flatMap(([map, entries]) => [...entries].map(([key, value]) => [map, key, value] as const));

const ENSURED_MS = 60_000;

/** Whether the kernel has removed it by itself cannot be known: what is there, or is again, can be deleted. */
const ensured = ([map, key, value]: Removal): NftElementChange => ({
  verb: 'ensure',
  set: elementSet(map),
  element: `${key} : ${value}`,
  timeoutMs: ENSURED_MS,
});

/** None if its time is over. */
const added = ([map, key, value, untilMs]: AddedElement, nowMs: number): readonly NftElementChange[] => {
  const change = { verb: 'add', set: elementSet(map), element: `${key} : ${value}` } as const;
  if (untilMs === undefined) return [change];
  const timeoutMs = Math.ceil(untilMs - nowMs);
  return timeoutMs > 0 ? [{ ...change, timeoutMs }] : [];
};
