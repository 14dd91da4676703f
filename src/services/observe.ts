// What is in the kernel: read once at the start, where a former agent's work is taken up as it is, and in the background
// when others have written to nftables.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Family } from '../ip/address.ts';
import type { Nft, NftObject } from '../kernel/nft.ts';
import type { Programmed, Slot } from './diff.ts';
import { FAMILIES, OUTSIDE_SLOT, tableName } from './layout.ts';
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
  return observedOf(
    FAMILIES.map((family) =>
      tableOf(
        family,
        READS.map((read) => readPart(nft, family, read)),
      ),
    ),
    nft,
  );
};

/** The same, but others of this thread get their turn after each map. */
export const observeInTurns = async (nft: Nft): Promise<Observed | undefined> => {
  if (!hasTables(nft)) return undefined;
  const tables: RawTable[] = [];
  for (const family of FAMILIES) {
    const parts: Part[] = [];
    for (const read of READS) {
      parts.push(readPart(nft, family, read));
      await nextTurn();
    }
    tables.push(tableOf(family, parts));
  }
  return observedOf(tables, nft);
};

/** Chains and rules of both tables as text. */
export const structureText = (nft: Nft): string =>
  FAMILIES.map((family) => nft.structure(tableName(family))).join('\n');

/** The ranges in the sets of both tables as text. */
export const rangesText = (nft: Nft): string =>
  JSON.stringify(
    FAMILIES.flatMap((family) =>
      ['pod-cidrs', 'service-cidrs'].map((name) =>
        elementsOf(nft.query(`list set ${tableName(family)} ${name}`), name),
      ),
    ),
  );

/** Whether both tables are there. */
export const hasTables = (nft: Pick<Nft, 'tables'>): boolean => {
  const tables = nft.tables();
  return FAMILIES.every((family) => tables.includes(tableName(family)));
};

type Pairs = readonly (readonly [string, string])[];
type Part = readonly [name: string, pairs: Pairs];
type RawTable = { readonly family: Family; readonly get: (name: (typeof READS)[number][1]) => Pairs };

const READS = [
  ['map', 'slots'],
  ['map', 'endpoints'],
  ['set', 'hairpins'],
  ['set', 'sticky-endpoints'],
  ['set', 'source-ranges'],
  ['set', 'limited-services'],
  ['map', 'services'],
  ['map', 'outside-services'],
  ['map', 'cluster-ips'],
  ['map', 'shapes'],
] as const;

const readPart = (
  nft: Nft,
  family: Family,
  [kind, name]: (typeof READS)[number] | readonly ['map', 'affinity'],
): Part => [name, elementsOf(nft.query(`list ${kind} ${tableName(family)} ${name}`), name)];

const tableOf = (family: Family, parts: readonly Part[]): RawTable => {
  const byName = new Map(parts);
  return { family, get: (name) => byName.get(name)! };
};

const observedOf = (tables: readonly RawTable[], nft: Nft): Observed | undefined => {
  const entries = tables.map(entriesOf);
  if (!entries.every((each) => each !== undefined)) return undefined;
  const chains = tables.flatMap(chainsOf);
  const sticky = new Set(
    chains.filter(({ shape }) => shape.stickySeconds !== undefined).map(({ family }) => family),
  );
  return {
    entries: entries.flat(),
    chains,
    rememberedIds: [...sticky].flatMap((family) =>
      readPart(nft, family, ['map', 'affinity'])[1].map(([, id]) => Number(id)),
    ),
  };
};

const chainsOf = ({ family, get }: RawTable): readonly ChainUse[] =>
  get('shapes').flatMap(([code]) => {
    const shape = shapeOfCode(Number(code));
    return shape?.kind === 'balance' ? [{ family, shape }] : [];
  });

/** Undefined if there is an element too few or too many: better to begin anew. */
const entriesOf = ({ family, get }: RawTable): readonly Programmed[] | undefined => {
  const slots = new Map(get('slots'));
  const endpoints: EndpointElements = {
    at: new Map(get('endpoints')),
    hairpins: new Set(get('hairpins').map(([key]) => key)),
    sticky: new Set(get('sticky-endpoints').map(([key]) => key)),
  };
  const ranges = rangesByMatch(get('source-ranges').map(([key]) => key));
  const limited = get('limited-services');
  if (limited.length !== ranges.size || !limited.every(([match]) => ranges.has(match))) return undefined;
  const entries = (['services', 'outside-services', 'cluster-ips'] as const).flatMap((map) =>
    get(map).map(([match, code]) => {
      const allowed = map === 'services' ? (ranges.get(match) ?? []) : [];
      return programmedOf({ map, family, match, code: Number(code), allowed }, slots, endpoints);
    }),
  );
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  const count = entries.reduce((sum, entry) => sum + entry.slots.length, 0);
  return count === slots.size && count === endpoints.at.size ? entries : undefined;
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
const elementsOf = (objects: readonly NftObject[], name: string): Pairs => {
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
