// From an entry as it is in the kernel to the entry as it should be: the map elements to delete and to add.
import type { Family } from '../ip/address.ts';
import { masqueradeOf } from './endpoint-ids.ts';
import { OUTSIDE_SLOT } from './layout.ts';
import { shapeCode, shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';
import type { Balance, Entry, EntryMap, Masquerade, Target } from './state.ts';

/** An endpoint in the kernel: its id stands in `slots`, and `endpoints` says where it is. */
export type Slot = {
  readonly id: number;
  readonly at: string;
  readonly isHairpin: boolean;
  readonly isSticky: boolean;
};

/** An entry as it is in the kernel. */
export type Programmed = {
  readonly map: EntryMap;
  readonly family: Family;
  readonly match: string;
  /** Of its shape. */
  readonly code: number;
  /** By slot number, without holes. */
  readonly slots: readonly Slot[];
  /** Prefixes; none: everyone. */
  readonly allowed: readonly string[];
};

export type ElementMap =
  | EntryMap
  | 'slots'
  | 'endpoints'
  | 'hairpins'
  | 'sticky-endpoints'
  | 'limited-services'
  | 'source-ranges';

export type ElementChange = {
  readonly verb: 'delete' | 'add';
  readonly family: Family;
  readonly map: ElementMap;
  /** The key, and for a map's element to add ` : value`. */
  readonly element: string;
};

export type EntryDiff = {
  /** In an order in which one transaction can carry them: a key is deleted before it is added. */
  readonly changes: readonly ElementChange[];
  readonly shape: Shape | undefined;
  readonly after: Programmed | undefined;
  /** Endpoints that are not in the kernel any more. */
  readonly gone: readonly Slot[];
};

/** `takeId` gives an unused id; it is called once for each endpoint that is new in the entry. */
export const diffEntry = (
  before: Programmed | undefined,
  wanted: Entry | undefined,
  takeId: (masquerade: Masquerade) => number,
): EntryDiff => {
  const after = wanted && programmedOf(wanted, before?.slots ?? [], takeId);
  const [old, young] = [before?.slots ?? [], after?.slots ?? []];
  const front = (after ?? before)!;
  return {
    changes: [
      ...limitChanges(before, after, 'delete'),
      ...shapeChanges(before, after, 'delete'),
      ...slotChanges(front, old, young, 'delete'),
      ...endpointChanges(front, old, young, 'delete'),
      ...endpointChanges(front, young, old, 'add'),
      ...slotChanges(front, young, old, 'add'),
      ...shapeChanges(after, before, 'add'),
      ...limitChanges(after, before, 'add'),
    ],
    shape: wanted && shapeOf(wanted),
    after,
    gone: old.filter(({ id }) => !young.some((slot) => slot.id === id)),
  };
};

const programmedOf = (
  wanted: Entry,
  before: readonly Slot[],
  takeId: (masquerade: Masquerade) => number,
): Programmed => {
  const { map, family, match, action, allowed = [] } = wanted;
  const slots = action.kind === 'balance' ? assignSlots(before, action, takeId) : [];
  return { map, family, match, code: shapeCode(shapeOf(wanted)), slots, allowed };
};

/**
 * Endpoints that stay keep their id, and their slot if it still exists; the others fill the holes in the order of the
 * targets. So one endpoint that comes or goes changes two slots at most.
 */
const assignSlots = (
  before: readonly Slot[],
  { targets, masquerade, stickySeconds }: Balance,
  takeId: (masquerade: Masquerade) => number,
): readonly Slot[] => {
  const isSticky = stickySeconds !== undefined;
  const left = new Map(targets.map((target) => [target.at, target]));
  const ids = new Map(
    before.filter(({ id }) => masqueradeOf(id) === masquerade).map(({ at, id }) => [at, id]),
  );
  const slotFor = ({ at, isLocal }: Target): Slot => {
    left.delete(at);
    return { id: ids.get(at) ?? takeId(masquerade), at, isHairpin: isLocal, isSticky };
  };
  const kept = targets.map((_, index) => {
    const target = left.get(before[index]?.at ?? '');
    return target && slotFor(target);
  });
  const fillers = [...left.values()].values();
  return kept.map((slot) => slot ?? slotFor(fillers.next().value!));
};

type Front = Pick<Programmed, 'map' | 'family' | 'match'>;

/** The element of `these` that the others have not, or not so. */
const shapeChanges = (
  these: Programmed | undefined,
  others: Programmed | undefined,
  verb: 'delete' | 'add',
): ElementChange[] => {
  if (!these || these.code === others?.code) return [];
  const { map, family, match, code } = these;
  return [{ verb, family, map, element: verb === 'add' ? `${match} : ${code}` : match }];
};

const limitChanges = (
  these: Programmed | undefined,
  others: Programmed | undefined,
  verb: 'delete' | 'add',
): ElementChange[] => {
  if (!these || these.allowed.length === 0) return [];
  const { family, match, allowed } = these;
  const present = new Set(others?.allowed);
  const ranges = allowed
    .filter((range) => !present.has(range))
    .map((range) => ({ verb, family, map: 'source-ranges', element: `${match} . ${range}` }) as const);
  return present.size > 0 ? ranges : [...ranges, { verb, family, map: 'limited-services', element: match }];
};

const slotChanges = (
  { map, family, match }: Front,
  these: readonly Slot[],
  others: readonly Slot[],
  verb: 'delete' | 'add',
): ElementChange[] => {
  const first = map === 'outside-services' ? OUTSIDE_SLOT : 0;
  return these.flatMap(({ id }, index) => {
    if (others[index]?.id === id) return [];
    const key = `${match} . ${first + index}`;
    return [{ verb, family, map: 'slots', element: verb === 'add' ? `${key} : ${id}` : key }];
  });
};

type Element = { readonly map: ElementMap; readonly key: string; readonly value?: string };

/** What an endpoint is in the maps, apart from its slot. */
const elementsOf = (match: string, { id, at, isHairpin, isSticky }: Slot): Element[] => [
  { map: 'endpoints', key: `${id}`, value: at },
  ...(isHairpin ? [{ map: 'hairpins', key: `${id} . ${at.split(' ')[0]}` } as const] : []),
  ...(isSticky ? [{ map: 'sticky-endpoints', key: `${id} . ${match}` } as const] : []),
];

const endpointChanges = (
  { family, match }: Front,
  these: readonly Slot[],
  others: readonly Slot[],
  verb: 'delete' | 'add',
): ElementChange[] => {
  const elements = (slots: readonly Slot[]): Element[] => slots.flatMap((slot) => elementsOf(match, slot));
  const present = new Set(elements(others).map(({ map, key }) => `${map} ${key}`));
  return elements(these)
    .filter(({ map, key }) => !present.has(`${map} ${key}`))
    .map(({ map, key, value }) => ({
      verb,
      family,
      map,
      element: verb === 'add' && value ? `${key} : ${value}` : key,
    }));
};
