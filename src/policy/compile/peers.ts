// Everybody whom rules ask about: which facts hold of whom, and the elements of all addresses.
import { createAddresses } from './addresses.ts';
import type { ElementStore } from './element-store.ts';
import type { Facts } from './facts.ts';
import { createMatching } from './matching.ts';
import type { Namespaces } from './namespaces.ts';
import { createNetworks } from './networks.ts';
import type { Population } from './population.ts';
import type { Profiles } from './profiles.ts';
import type { Exact, Profile } from './records.ts';
import { createResolved } from './resolved.ts';
import type { Resolution, Resolved } from './resolved.ts';
import type { Asked, Sides } from './sides.ts';
import type { TouchedCollector } from './touched.ts';

export type Peers = {
  readonly resolved: Pick<Resolved, 'put' | 'adopt' | 'expire'>;
  /** Writes the elements of all addresses about which anything may have changed. */
  readonly update: (news: PeersNews, touch: TouchedCollector) => void;
};

export type PeersNews = {
  readonly asked: Asked;
  readonly fresh: ReadonlySet<Profile>;
  /** Profiles in namespaces whose labels are others now. */
  readonly relabelled: ReadonlySet<Profile>;
  /** Profiles whose classes may be others. */
  readonly affected: ReadonlySet<Profile>;
  /** Addresses that others may have now. */
  readonly exacts: ReadonlySet<Exact>;
};

export const createPeers = (
  profiles: Profiles,
  population: Population,
  { labelsOf }: Namespaces,
  sides: Pick<Sides, 'portFacts' | 'domains'>,
  facts: Facts,
  store: ElementStore,
): Peers => {
  const matching = createMatching(profiles, sides);
  const networks = createNetworks(store, facts);
  const addresses = createAddresses(store, facts, networks);
  const resolved = createResolved(store, facts, sides.domains, (place) => [
    ...(population.exact(place.address)?.profile?.facts ?? []),
    ...networks.of(place),
  ]);

  return {
    resolved,
    update: ({ asked, fresh, relabelled, affected, exacts }, touch) => {
      const before = matching.update({ ...asked, fresh: fresh.union(relabelled), labelsOf });
      const stale = new Set(exacts);
      for (const profile of [...before.keys(), ...affected])
        for (const exact of population.exactsOf(profile)) stale.add(exact);
      const recut = networks.update(asked.begun, asked.ended);
      for (const family of recut.families)
        for (const exact of addresses.known(family)) if (recut.has(exact)) stale.add(exact);
      for (const exact of stale) touch.identified(exact, addresses.identify(exact));
      for (const [profile, looked] of before)
        if (relabelled.has(profile)) touch.seenOtherwise(profile, looked);
      const domains = new Set(
        [...asked.begun, ...asked.ended].flatMap(({ is }) => (is.kind === 'domain' ? is.name : [])),
      );
      const isQuiet = stale.size === 0 && recut.families.size === 0 && domains.size === 0;
      const isStale = (resolution: Resolution): boolean => {
        const exact = population.exact(resolution.address);
        const isMoved = exact !== undefined && stale.has(exact);
        return isMoved || recut.has(resolution) || resolution.names.keys().some((name) => domains.has(name));
      };
      // DNS waits for its own answers: they cost nothing of the others'
      resolved.write(isQuiet ? undefined : isStale);
    },
  };
};
