// Elements of sets and maps in nft's own language: as commands, and as they are listed.
import type { Nft } from './nft.ts';

export type ElementCommand = {
  readonly verb: 'delete' | 'add';
  /** With its table: `ip podnet-services slots`. */
  readonly set: string;
  /** The key, and for a map's element to add ` : value`. */
  readonly element: string;
};

/** One command for all elements of a set, deletions before additions: the lines of a transaction. */
export const elementCommands = (changes: Iterable<ElementCommand>): readonly string[] => {
  const groups = Map.groupBy(changes, ({ verb, set }) => `${verb} element ${set}`);
  const lines = [...groups].map(
    ([command, group]) => `${command} { ${group.map(({ element }) => element).join(', ')} }`,
  );
  return [
    ...lines.filter((line) => line.startsWith('delete')),
    ...lines.filter((line) => line.startsWith('add')),
  ];
};

/** Keys and values, in the text that commands are written in; a set's elements have '' for a value. */
export type ElementPairs = readonly (readonly [key: string, value: string])[];

/** The elements of a set or map. Verdicts are not read. */
export const readElements = (
  nft: Pick<Nft, 'query'>,
  kind: 'set' | 'map',
  table: string,
  name: string,
): ElementPairs => {
  const found = nft.query(`list ${kind} ${table} ${name}`).find((object) => object[kind])?.[kind];
  const elements = (found?.['elem'] ?? []) as readonly unknown[];
  return elements.map((element) =>
    Array.isArray(element) ? [textOf(element[0]), textOf(element[1])] : [textOf(element), ''],
  );
};

type JsonValue = {
  readonly concat?: readonly unknown[];
  readonly elem?: { readonly val: unknown };
  readonly prefix?: { readonly addr: string; readonly len: number };
  readonly range?: readonly [unknown, unknown];
};

/** libnftables-json(5), EXPRESSIONS: a concatenation, a range, an element with a timeout, or a plain value. */
const textOf = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  const { concat, elem, prefix, range } = value as JsonValue;
  if (prefix) return `${prefix.addr}/${prefix.len}`;
  if (range) return range.map(textOf).join('-');
  return concat ? concat.map(textOf).join(' . ') : textOf(elem?.val);
};
