// The wanted elements, and what of them changed since the last flush. What changes back in between is no change.
import { MAPS } from './elements.ts';
import type { AddedElement, ElementChanges, Elements, MapName, RemovedElement } from './elements.ts';

export type ElementStore = {
  readonly set: (map: MapName, key: string, value: string, untilMs?: number) => void;
  readonly remove: (map: MapName, key: string) => void;
  readonly elements: Elements;
  /** Those of them that are to stay until some time. */
  readonly timed: () => readonly AddedElement[];
  readonly flush: () => ElementChanges;
};

export const createElementStore = (): ElementStore => {
  const elements = new Map(MAPS.map((map) => [map, new Map<string, string>()]));
  const until = new Map(MAPS.map((map) => [map, new Map<string, number>()]));
  /** What an element that was touched since the last flush was then, as `contentOf` says. */
  const before = new Map(MAPS.map((map) => [map, new Map<string, string | undefined>()]));
  const contentOf = (map: MapName, key: string): string | undefined => {
    const [value, time] = [elements.get(map)!.get(key), until.get(map)!.get(key)];
    return time === undefined ? value : `${value} ${time}`;
  };
  const touch = (map: MapName, key: string): void => {
    const touched = before.get(map)!;
    if (!touched.has(key)) touched.set(key, contentOf(map, key));
  };
  return {
    set: (map, key, value, untilMs) => {
      touch(map, key);
      elements.get(map)!.set(key, value);
      if (untilMs === undefined) until.get(map)!.delete(key);
      else until.get(map)!.set(key, untilMs);
    },
    remove: (map, key) => {
      touch(map, key);
      elements.get(map)!.delete(key);
      until.get(map)!.delete(key);
    },
    elements,
    timed: () =>
      [...until].flatMap(([map, times]) =>
        [...times].map(([key, time]): AddedElement => [map, key, elements.get(map)!.get(key)!, time]),
      ),
    flush: () => {
      const add: AddedElement[] = [];
      const remove: RemovedElement[] = [];
      for (const [map, touched] of before) {
        for (const [key, old] of touched) {
          if (old === contentOf(map, key)) continue;
          const [value, time] = [elements.get(map)!.get(key), until.get(map)!.get(key)];
          if (old !== undefined) remove.push([map, key]);
          if (value !== undefined) add.push(time === undefined ? [map, key, value] : [map, key, value, time]);
        }
        touched.clear();
      }
      return { add, remove };
    },
  };
};
