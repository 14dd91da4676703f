// What a former agent left in the kernel, read once at the start: an unchanged world is then left as it is.
import type { Family } from '../ip/address.ts';
import type { Nft, NftObject } from '../kernel/nft.ts';
import type { Programmed, Slot } from './diff.ts';
import { FAMILIES, OUTSIDE_SLOT, familyWord, tableName } from './layout.ts';
import { shapeOfCode } from './shape.ts';
import type { ChainUse } from './transaction.ts';

export type Observed = {
  readonly entries: readonly Programmed[];
  readonly chains: readonly ChainUse[];
  /** Ids that clients are bound to, whether their endpoint still exists or not. */
  readonly rememberedIds: readonly number[];
};

/** The state of both tables; undefined if they are not there, or are not as this program writes them. */
export const observe = (nft: Nft): Observed | undefined => {
  if (!hasTables(nft)) return undefined;
  const families = FAMILIES.map((family) => observeFamily(nft, family));
  if (!families.every((family) => family !== undefined)) return undefined;
  return {
    entries: families.flatMap(({ entries }) => entries),
    chains: families.flatMap(({ chains }) => chains),
    rememberedIds: families.flatMap(({ rememberedIds }) => rememberedIds),
  };
};

/** Whether both tables are there. */
export const hasTables = (nft: Nft): boolean => FAMILIES.every((family) => hasTable(nft, family));

const hasTable = (nft: Nft, family: Family): boolean =>
  nft
    .query(`list tables ${familyWord(family)}`)
    .some(({ table }) => `${String(table?.['family'])} ${String(table?.['name'])}` === tableName(family));

const observeFamily = (nft: Nft, family: Family): Observed | undefined => {
  const read = (kind: 'map' | 'set', name: string): readonly (readonly [string, string])[] =>
    elementsOf(nft.query(`list ${kind} ${tableName(family)} ${name}`), name);
  const slots = new Map(read('map', 'slots'));
  const endpoints: EndpointElements = {
    at: new Map(read('map', 'endpoints')),
    hairpins: new Set(read('set', 'hairpins').map(([key]) => key)),
    sticky: new Set(read('set', 'sticky-endpoints').map(([key]) => key)),
  };
  const ranges = rangesByMatch(read('set', 'source-ranges').map(([key]) => key));
  const limited = read('set', 'limited-services');
  if (limited.length !== ranges.size || !limited.every(([match]) => ranges.has(match))) return undefined;
  const entries = (['services', 'outside-services', 'cluster-ips'] as const).flatMap((map) =>
    read('map', map).map(([match, code]) => {
      const allowed = map === 'services' ? (ranges.get(match) ?? []) : [];
      return programmedOf({ map, family, match, code: Number(code), allowed }, slots, endpoints);
    }),
  );
  const isWhole = entries.every((entry) => entry !== undefined);
  const count = isWhole ? entries.reduce((sum, entry) => sum + entry.slots.length, 0) : -1;
  // an element more than the entries account for is nobody's: better to begin anew
  if (!isWhole || count !== slots.size || count !== endpoints.at.size) return undefined;
  const chains = read('map', 'shapes').flatMap(([code]) => {
    const shape = shapeOfCode(Number(code));
    return shape?.kind === 'balance' ? [{ family, shape }] : [];
  });
  const isSticky = chains.some(({ shape }) => shape.stickySeconds !== undefined);
  return {
    entries,
    chains,
    rememberedIds: isSticky ? read('map', 'affinity').map(([, id]) => Number(id)) : [],
  };
};

/** `tcp . 10.0.0.1 . 80 . 10.1.0.0/16` ends with the prefix; that of one address is listed as the address. */
const rangesByMatch = (keys: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const split = keys.map((key) => key.split(' . '));
  const groups = Map.groupBy(split, (fields) => fields.slice(0, 3).join(' . '));
  const prefix = (text: string): string =>
    text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  return new Map(
    [...groups].map(([match, group]) => [match, group.map((fields) => prefix(fields[3]!)).sort()]),
  );
};

type EndpointElements = {
  readonly at: ReadonlyMap<string, string>;
  readonly hairpins: ReadonlySet<string>;
  readonly sticky: ReadonlySet<string>;
};

type CodedEntry = Omit<Programmed, 'slots'>;

/** Undefined if its code, a slot or an endpoint is not as it should be. */
const programmedOf = (
  entry: CodedEntry,
  slots: ReadonlyMap<string, string>,
  endpoints: EndpointElements,
): Programmed | undefined => {
  const shape = shapeOfCode(entry.code);
  if (!shape) return undefined;
  const count = shape.kind === 'balance' ? shape.count : 0;
  const first = entry.map === 'outside-services' ? OUTSIDE_SLOT : 0;
  const found = Array.from({ length: count }, (_, index) =>
    slotOf(entry.match, slots.get(`${entry.match} . ${first + index}`), endpoints),
  );
  return found.every((slot) => slot !== undefined) ? { ...entry, slots: found } : undefined;
};

const slotOf = (match: string, id: string | undefined, endpoints: EndpointElements): Slot | undefined => {
  const at = id === undefined ? undefined : endpoints.at.get(id);
  if (id === undefined || at === undefined) return undefined;
  return {
    id: Number(id),
    at,
    isHairpin: endpoints.hairpins.has(`${id} . ${at.split(' ')[0]}`),
    isSticky: endpoints.sticky.has(`${id} . ${match}`),
  };
};

/** The elements of a listed map or set as key and value in the text that commands are written in. */
const elementsOf = (objects: readonly NftObject[], name: string): (readonly [string, string])[] => {
  const found = objects
    .map((object) => object['map'] ?? object['set'])
    .find((each) => each?.['name'] === name);
  const elements = (found?.['elem'] ?? []) as readonly unknown[];
  return elements.map((element) =>
    Array.isArray(element) ? [textOf(element[0]), textOf(element[1])] : [textOf(element), ''],
  );
};

type JsonValue = {
  readonly concat?: readonly unknown[];
  readonly elem?: { readonly val: unknown };
  readonly prefix?: { readonly addr: string; readonly len: number };
};

/** libnftables-json(5), EXPRESSIONS: a concatenation, an element with a timeout, or a plain value. Verdicts are not read. */
const textOf = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  const { concat, elem, prefix } = value as JsonValue;
  if (prefix) return `${prefix.addr}/${prefix.len}`;
  return concat ? concat.map(textOf).join(' . ') : textOf(elem?.val);
};
