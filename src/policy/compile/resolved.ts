// Addresses that DNS gave for names of `domains` peers, each with its time.
import type { ElementStore } from './element-store.ts';
import { mapOf } from './elements.ts';
import type { Facts } from './facts.ts';
import type { Place } from './networks.ts';
import type { Fact, FactSet } from './records.ts';

export type Resolved = {
  readonly put: (name: string, address: string, untilMs: number) => void;
  /** An address with this peer id is in the kernel: finds the name that it was written for, if one is asked for. */
  readonly adopt: (address: string, peer: string, untilMs: number) => void;
  readonly expire: (nowMs: number) => void;
  /** Writes the elements of the addresses whose names or times changed, and of others that may be stale. */
  readonly write: (isStale: ((resolution: Resolution) => boolean) | undefined) => void;
};

export type Resolution = Place & {
  /** Until when, by name. */
  readonly names: Map<string, number>;
  set: FactSet | undefined;
};

/** `domains` are the names that rules ask for, `factsAt` what else holds of an address. */
export const createResolved = (
  store: ElementStore,
  facts: Facts,
  domains: ReadonlyMap<string, Fact>,
  factsAt: (place: Place) => readonly Fact[],
): Resolved => {
  const resolutions = new Map<string, Resolution>();
  let changed = new Set<Resolution>();

  const writeOne = (resolution: Resolution): void => {
    const { address, family, names, set: before } = resolution;
    const asked = [...names].flatMap(([name, until]) => {
      const fact = domains.get(name);
      return fact ? [{ fact, until }] : [];
    });
    const members = asked.length > 0 ? [...asked.map(({ fact }) => fact), ...factsAt(resolution)] : [];
    resolution.set = members.length > 0 ? facts.use(members) : undefined;
    if (before) facts.disuse(before);
    // the time of the name that ends first: should nobody be there to write the rest, less is allowed, not more
    const until = Math.min(...asked.map((each) => each.until));
    if (resolution.set) store.set(mapOf('resolved', family), address, resolution.set.peer, until);
    else if (before) store.remove(mapOf('resolved', family), address);
  };

  const resolutionOf = (address: string): Resolution =>
    resolutions.get(address) ?? {
      address,
      family: address.includes(':') ? 6 : 4,
      parsed: undefined,
      names: new Map(),
      set: undefined,
    };

  const put: Resolved['put'] = (name, address, untilMs) => {
    const resolution = resolutionOf(address);
    // an older answer with more time is still good
    resolution.names.set(name, Math.max(untilMs, resolution.names.get(name) ?? 0));
    resolutions.set(address, resolution);
    changed.add(resolution);
  };

  return {
    put,
    adopt: (address, peer, untilMs) => {
      const others = factsAt(resolutionOf(address));
      for (const [name, fact] of domains)
        if (facts.peerOf([fact, ...others]) === peer) return put(name, address, untilMs);
    },
    expire: (nowMs) => {
      for (const resolution of resolutions.values())
        for (const [name, until] of resolution.names) {
          if (until > nowMs) continue;
          resolution.names.delete(name);
          changed.add(resolution);
        }
    },
    write: (isStale) => {
      const stale = isStale ? resolutions.values().filter(isStale) : [];
      for (const resolution of new Set([...changed, ...stale])) {
        writeOne(resolution);
        if (resolution.names.size === 0) resolutions.delete(resolution.address);
      }
      changed = new Set();
    },
  };
};
