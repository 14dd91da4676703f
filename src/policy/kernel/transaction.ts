// Changes of elements as nft's commands.
import { elementCommands } from '../../kernel/nft-element-text.ts';
import type { AddedElement, Elements, MapName } from '../compile/elements.ts';
import { isResolved } from './diff.ts';
import { TABLE } from './layout.ts';

/** With the value that it has. */
export type Removal = readonly [map: MapName, key: string, value: string];

/** The lines of a transaction that removes elements and then adds others. */
export const changeCommands = (
  remove: readonly Removal[],
  add: readonly AddedElement[],
  nowMs: number,
): readonly string[] => [
  ...elementCommands(remove.filter(([map]) => isResolved(map)).map(againCommand)),
  ...elementCommands([
    ...remove.map(([map, key]) => ({ verb: 'delete' as const, set: setOf(map), element: key })),
    ...add.flatMap((element) => addCommand(element, nowMs)),
  ]),
];

/** All elements as additions. */
export const additionsOf = (elements: Elements): readonly AddedElement[] =>
  [...elements].flatMap(([map, entries]) => [...entries].map(([key, value]) => [map, key, value] as const));

const setOf = (map: MapName): string => `${TABLE} ${map}`;

/** Whether the kernel has removed it by itself cannot be known: what is there, or is again, can be deleted. */
const againCommand = ([map, key, value]: Removal) => ({
  verb: 'add' as const,
  set: setOf(map),
  element: `${key} timeout 1m : ${value}`,
});

/** None if its time is over. */
const addCommand = ([map, key, value, untilMs]: AddedElement, nowMs: number) => {
  if (untilMs === undefined) return [{ verb: 'add' as const, set: setOf(map), element: `${key} : ${value}` }];
  const timeoutMs = Math.ceil(untilMs - nowMs);
  if (timeoutMs <= 0) return [];
  return [{ verb: 'add' as const, set: setOf(map), element: `${key} timeout ${timeoutMs}ms : ${value}` }];
};
