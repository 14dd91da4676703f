// From a translation as the maps have it to the one that they should have. The kernel looks at the maps while they
// change, element by element: so what leads to something is written after it, and deleted before it.
//   update endpoints, members, slots, services · delete services, slots, members, endpoints
import type { Translation } from './state.ts';

export type Element =
  | { readonly map: 'endpoints'; readonly match: string; readonly id: number; readonly at: string }
  | { readonly map: 'members'; readonly match: string; readonly id: number }
  | { readonly map: 'slots'; readonly match: string; readonly slot: number; readonly id: number }
  | {
      readonly map: 'services';
      readonly match: string;
      readonly count: number;
      readonly stickySeconds: number | undefined;
    };

export type MapDiff = { readonly updates: readonly Element[]; readonly deletions: readonly Element[] };

/** An endpoint that a Service, by its `udp . address . port`, had. */
export type GoneEndpoint = { readonly match: string; readonly at: string };

export const diffTranslation = (before: Translation | undefined, after: Translation | undefined): MapDiff => {
  if (!before) return { updates: listOf(after), deletions: [] };
  const [old, young] = [elementsOf(before), elementsOf(after)];
  return {
    updates: [...young.values()].filter((element) => !isSame(element, old.get(keyOf(element)))),
    deletions: [...old.values()].filter((element) => !young.has(keyOf(element))),
  };
};

/** Endpoints of a UDP Service that it has no more: an id that another takes the place of does not count. */
export const goneUdpEndpoints = ({ updates, deletions }: MapDiff): readonly GoneEndpoint[] => {
  const young = new Set(updates.flatMap((element) => (element.map === 'endpoints' ? [element.at] : [])));
  return deletions.flatMap((element) =>
    element.map === 'endpoints' && element.match.startsWith('udp') && !young.has(element.at)
      ? [{ match: element.match, at: element.at }]
      : [],
  );
};

const elementsOf = (translation: Translation | undefined): ReadonlyMap<string, Element> =>
  new Map(listOf(translation).map((element) => [keyOf(element), element]));

const listOf = (translation: Translation | undefined): readonly Element[] => {
  if (!translation) return [];
  const { match, endpoints, stickySeconds } = translation;
  const members = stickySeconds === undefined ? [] : endpoints;
  return [
    ...endpoints.map(({ id, at }) => ({ map: 'endpoints', match, id, at }) as const),
    ...members.map(({ id }) => ({ map: 'members', match, id }) as const),
    ...endpoints.map(({ id }, slot) => ({ map: 'slots', match, slot, id }) as const),
    { map: 'services', match, count: endpoints.length, stickySeconds },
  ];
};

const keyOf = (element: Element): string => {
  switch (element.map) {
    case 'endpoints':
      return `endpoint ${element.id}`;
    case 'members':
      return `member ${element.id}`;
    case 'slots':
      return `slot ${element.slot}`;
    case 'services':
      return 'service';
  }
};

/** Of elements with one key. An id stands for one endpoint for as long as it lives. */
const isSame = (a: Element, b: Element | undefined): boolean => {
  if (a.map === 'slots' && b?.map === 'slots') return a.id === b.id;
  if (a.map === 'services' && b?.map === 'services')
    return a.count === b.count && a.stickySeconds === b.stickySeconds;
  return a.map === b?.map;
};
