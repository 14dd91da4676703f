// The maps in the kernel: writes what differs, in as few calls as there are maps.
import { BpfMap } from '../../kernel/bpf-map.ts';
import { LITTLE_ENDIAN, viewOf } from '../../wire/netlink.ts';
import type { Element, MapDiff } from './diff.ts';
import { SOCKET_MAPS, encodeFront, encodePeer, serviceMaps } from './layout.ts';
import type { Capacity, MapName } from './layout.ts';

export type Maps = Readonly<Record<MapName, BpfMap>>;

/** Those of Services anew, those of sockets as they are given. */
export const createMaps = (capacity: Capacity, { flows, fronts }: Partial<Maps>): Maps => {
  const definitions = serviceMaps(capacity);
  return {
    services: BpfMap.create(definitions.services),
    slots: BpfMap.create(definitions.slots),
    endpoints: BpfMap.create(definitions.endpoints),
    flows: flows ?? BpfMap.create(SOCKET_MAPS.flows),
    fronts: fronts ?? BpfMap.create(SOCKET_MAPS.fronts),
  };
};

export const closeServiceMaps = ({ services, slots, endpoints }: Maps): void => {
  for (const map of [services, slots, endpoints]) map.close();
};

/** Leads first to what is there, last to what is not: see diff.ts. */
const ORDER = ['endpoints', 'slots', 'services'] as const;

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
    maps[map].update(pack(elements.map(encodeKey)), pack(elements.map(encodeValue)));
  }
  for (const map of ORDER.toReversed()) maps[map].delete(pack((deletions.get(map) ?? []).map(encodeKey)));
};

const encodeKey = (element: Element): Uint8Array => {
  switch (element.map) {
    case 'endpoints':
      return number(element.id);
    case 'slots':
      return encodeFront(element.match, element.slot);
    case 'services':
      return encodeFront(element.match);
  }
};

const encodeValue = (element: Element): Uint8Array => {
  switch (element.map) {
    case 'endpoints':
      return encodePeer(element.at);
    case 'slots':
      return number(element.id);
    case 'services':
      return number(element.count);
  }
};

const number = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, LITTLE_ENDIAN);
  return bytes;
};

const pack = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
