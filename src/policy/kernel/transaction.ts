// Changes of elements as one transaction: by netlink where that can be, else in nft's language.
import type { Nft } from '../../kernel/nft.ts';
import { elementCommands } from '../../kernel/nft-element-text.ts';
import type { NftElementChange } from '../../kernel/nft-elements.ts';
import type { AddedElement, Elements, MapName } from '../compile/elements.ts';
import { isResolved } from './diff.ts';
import { elementSet } from './element-sets.ts';
import { TABLE } from './layout.ts';

/** With the value that it has. */
export type Removal = readonly [map: MapName, key: string, value: string];

export type ElementWrite = { readonly remove: readonly Removal[]; readonly add: readonly AddedElement[] };

/** If it throws, nothing has changed. */
export const writeElements = (nft: Pick<Nft, 'run' | 'change'>, write: ElementWrite, nowMs: number): void => {
  const changes = netlinkChanges(write);
  if (changes) nft.change(changes);
  else nft.run(changeCommands(write, nowMs).join('\n'));
};

/** The lines of a transaction that removes elements and then adds others. */
export const changeCommands = ({ remove, add }: ElementWrite, nowMs: number): readonly string[] => [
  ...elementCommands(remove.filter(([map]) => isResolved(map)).map(againCommand)),
  ...elementCommands([
    ...remove.map(([map, key]) => ({ verb: 'delete' as const, set: setOf(map), element: key })),
    ...add.flatMap((element) => addCommand(element, nowMs)),
  ]),
];

/** All elements as additions. */
export const additionsOf = (elements: Elements): readonly AddedElement[] =>
  [...elements].flatMap(([map, entries]) => [...entries].map(([key, value]) => [map, key, value] as const));

/** Undefined if some of it is nft's to write. */
const netlinkChanges = ({ remove, add }: ElementWrite): readonly NftElementChange[] | undefined => {
  const changes: NftElementChange[] = [];
  for (const [map, key] of remove) {
    const set = elementSet(map);
    if (!set) return undefined;
    changes.push({ verb: 'delete', set, element: key });
  }
  for (const [map, key, value] of add) {
    const set = elementSet(map);
    if (!set) return undefined;
    changes.push({ verb: 'add', set, element: `${key} : ${value}` });
  }
  return changes;
};

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
