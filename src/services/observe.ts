// What is in the kernel: read once at the start, where a former agent's work is taken up as it is, and in the background
// when others have written to nftables.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FAMILIES } from '../ip/address.ts';
import type { Family } from '../ip/address.ts';
import type { Nft } from '../kernel/nft.ts';
import { readElements } from '../kernel/nft-element-text.ts';
import type { ElementPairs } from '../kernel/nft-element-text.ts';
import type { ElementChange, Programmed, Slot } from './diff.ts';
import { OUTSIDE_SLOT, tableName } from './layout.ts';
import { shapeOfCode } from './shape.ts';
import { straysOf } from './strays.ts';
import type { ChainUse } from './transaction.ts';

export type Observed = {
  /** The whole ones: every element is there. */
  readonly entries: readonly Programmed[];
  /** What there is besides, as changes that delete it. */
  readonly strays: readonly ElementChange[];
  readonly chains: readonly ChainUse[];
  /** Ids that clients are bound to or strays name, whether their endpoint still exists or not. */
  readonly rememberedIds: readonly number[];
};

/** The state of both tables; undefined if they are not there. */
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
      ['pod-cidrs', 'service-cidrs'].map((name) => readElements(nft, 'set', tableName(family), name)),
    ),
  );

/** Whether both tables are there. */
export const hasTables = (nft: Pick<Nft, 'tables'>): boolean => {
  const tables = nft.tables();
  return FAMILIES.every((family) => tables.includes(tableName(family)));
};

type Part = readonly [name: string, pairs: ElementPairs];
type RawTable = { readonly family: Family; readonly get: (name: (typeof READS)[number][1]) => ElementPairs };

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
): Part => [name, readElements(nft, kind, tableName(family), name)];

const tableOf = (family: Family, parts: readonly Part[]): RawTable => {
  const byName = new Map(parts);
  return { family, get: (name) => byName.get(name)! };
};

const observedOf = (tables: readonly RawTable[], nft: Nft): Observed => {
  const contents = tables.map(contentOf);
  const strays = contents.flatMap((content) => content.strays);
  const chains = tables.flatMap(chainsOf);
  const sticky = new Set(
    chains.filter(({ shape }) => shape.stickySeconds !== undefined).map(({ family }) => family),
  );
  const remembered = [...sticky].flatMap((family) => readPart(nft, family, ['map', 'affinity'])[1]);
  const strayIds = strays.length > 0 ? tables.flatMap(idsIn) : [];
  return {
    entries: contents.flatMap((content) => content.entries),
    strays,
    chains,
    rememberedIds: [...remembered.map(([, id]) => Number(id)), ...strayIds],
  };
};

const chainsOf = ({ family, get }: RawTable): readonly ChainUse[] =>
  get('shapes').flatMap(([code]) => {
    const shape = shapeOfCode(Number(code));
    return shape?.kind === 'balance' ? [{ family, shape }] : [];
  });

const contentOf = (table: RawTable): Pick<Observed, 'entries' | 'strays'> => {
  const { family, get } = table;
  const slots = new Map(get('slots'));
  const endpoints: EndpointElements = {
    at: new Map(get('endpoints')),
    hairpins: new Set(get('hairpins').map(([key]) => key)),
    sticky: new Set(get('sticky-endpoints').map(([key]) => key)),
  };
  const ranges = rangesByMatch(get('source-ranges').map(([key]) => key));
  const limited = new Set(get('limited-services').map(([key]) => key));
  const found = (['services', 'outside-services', 'cluster-ips'] as const).flatMap((map) =>
    get(map).map(([match, code]) => {
      const allowed = map === 'services' ? (ranges.get(match) ?? []) : [];
      if (map === 'services' && limited.has(match) !== allowed.length > 0) return undefined;
      return programmedOf({ map, family, match, code: Number(code), allowed }, slots, endpoints);
    }),
  );
  const entries = found.filter((entry) => entry !== undefined);
  const count = entries.reduce((sum, entry) => sum + entry.slots.length, 0);
  const isWhole =
    entries.length === found.length &&
    limited.size === ranges.size &&
    count === slots.size &&
    count === endpoints.at.size;
  return { entries, strays: isWhole ? [] : straysOf(family, elementsIn(table), entries) };
};

const elementsIn = ({ get }: RawTable): Parameters<typeof straysOf>[1] =>
  READS.map(([, map]) => map)
    .filter((map) => map !== 'shapes')
    .flatMap((map) =>
      get(map).map(([key]) => ({ map, key: map === 'source-ranges' ? rangeText(key) : key })),
    );

const idsIn = ({ get }: RawTable): readonly number[] => {
  const named = (['endpoints', 'hairpins', 'sticky-endpoints'] as const).flatMap((map) => get(map));
  return [...get('slots').map(([, id]) => id), ...named.map(([key]) => key.split(' . ')[0])].map(Number);
};

const rangesByMatch = (keys: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const split = keys.map((key) => rangeText(key).split(' . '));
  const groups = Map.groupBy(split, (fields) => fields.slice(0, 3).join(' . '));
  return new Map([...groups].map(([match, group]) => [match, group.map((fields) => fields[3]!).sort()]));
};

/** `tcp . 10.0.0.1 . 80 . 10.1.0.0/16` ends with a prefix; that of one address is listed as the address. */
const rangeText = (key: string): string =>
  key.includes('/') ? key : `${key}/${key.includes(':') ? 128 : 32}`;

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
