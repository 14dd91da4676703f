// The maps in the kernel: writes what differs, in as few calls as there are maps.
import { BpfMap } from '../../kernel/bpf-map.ts';
import type { MapDefinition } from '../../kernel/bpf-map.ts';
import { viewOf } from '../../wire/netlink.ts';
import type { Element, MapDiff } from './diff.ts';
import {
  SOCKET_MAPS,
  serviceMaps,
  writeFront,
  writeNumber,
  writePeer,
  writeService,
  writeSlot,
} from './layout.ts';
import type { Capacity, MapName } from './layout.ts';

type ServiceMaps = Readonly<Record<keyof ReturnType<typeof serviceMaps>, BpfMap>>;
type SocketMaps = Readonly<Record<keyof typeof SOCKET_MAPS, BpfMap>>;
export type Maps = ServiceMaps & SocketMaps;

/** Those of Services anew, those of sockets as they are given. */
export const createMaps = (capacity: Capacity, given: Partial<SocketMaps>): Maps => {
  const make = (definitions: Readonly<Record<string, MapDefinition>>, found: Partial<Maps>) =>
    Object.entries(definitions).map(([name, definition]) => [
      name,
      found[name as MapName] ?? BpfMap.create(definition),
    ]);
  return Object.fromEntries([...make(serviceMaps(capacity), {}), ...make(SOCKET_MAPS, given)]) as Maps;
};

export const closeServiceMaps = ({ services, slots, endpoints, members }: Maps): void => {
  for (const map of [services, slots, endpoints, members]) map.close();
};

/** Leads first to what is there, last to what is not: see diff.ts. */
const ORDER = ['endpoints', 'members', 'slots', 'services'] as const;

/** Code E2BIG if a map is full; then some of it is done. */
export const applyDiffs = (maps: Maps, diffs: readonly MapDiff[]): void => {
  const updates = Map.groupBy(
    diffs.flatMap((diff) => diff.updates),
    ({ map }) => map,
  );
  const deletions = Map.groupBy(
    diffs.flatMap((diff) => diff.deletions),
    ({ map }) => map,
  );
  for (const map of ORDER) {
    const elements = updates.get(map) ?? [];
    const { keyBytes, valueBytes } = maps[map].definition;
    maps[map].update(pack(elements, keyBytes, writeKey), pack(elements, valueBytes, writeValue));
  }
  for (const map of ORDER.toReversed())
    maps[map].delete(pack(deletions.get(map) ?? [], maps[map].definition.keyBytes, writeKey));
};

type Write = (view: DataView, offset: number, element: Element) => void;

/** One after the other; the bytes that nobody writes are zero, as the programs' are. */
const pack = (elements: readonly Element[], bytesEach: number, write: Write): Uint8Array => {
  const bytes = new Uint8Array(elements.length * bytesEach);
  const view = viewOf(bytes);
  elements.forEach((element, index) => write(view, index * bytesEach, element));
  return bytes;
};

const writeKey: Write = (view, offset, element) => {
  switch (element.map) {
    case 'endpoints':
      return writeNumber(view, offset, element.id);
    case 'members':
      return writeSlot(view, offset, element.match, element.id);
    case 'slots':
      return writeSlot(view, offset, element.match, element.slot);
    case 'services':
      return writeFront(view, offset, element.match);
  }
};

const writeValue: Write = (view, offset, element) => {
  switch (element.map) {
    case 'endpoints':
      return writePeer(view, offset, element.at);
    case 'members':
      return writeNumber(view, offset, 1);
    case 'slots':
      return writeNumber(view, offset, element.id);
    case 'services':
      return writeService(view, offset, element.count, element.stickySeconds ?? 0);
  }
};
