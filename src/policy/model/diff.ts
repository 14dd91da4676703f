// What another set of policies would open and close: between which workloads and places, and on which ports.
import { isDeepStrictEqual } from 'node:util';
import { FAMILIES } from '../../ip/address.ts';
import type { Family } from '../../ip/address.ts';
import { accessBy, concerns } from './access.ts';
import type { Access, Pair } from './access.ts';
import { partyGroups } from './party-groups.ts';
import type { PartyGroup, Workload } from './party-groups.ts';
import { joinSpans, spansOf } from './port-set.ts';
import type { PortSet } from './port-set.ts';
import type { PolicyRules } from './rules.ts';
import type { World } from './world.ts';

/** What changes for connections from any of the ones to any of the others. */
export type AccessChange = {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Undefined where it is the same for each that both have. */
  readonly family: Family | undefined;
  readonly opens: PortSet;
  readonly closes: PortSet;
};

export type AccessDiff = {
  /** All that have been looked at: workloads, nodes that a policy means, places outside. */
  readonly parties: readonly string[];
  /** Empty if both sets of policies allow the same. */
  readonly changes: readonly AccessChange[];
};

/** `world` has the policies as they are, `after` are those that would be. */
export const diffAccess = (
  world: World,
  after: readonly PolicyRules[],
  workloads: readonly Workload[],
): AccessDiff => {
  const policies = [...world.policies, ...after];
  const groups = partyGroups(world, policies, workloads);
  const spans = spansOf(policies, world.pods.values());
  const sides = { was: accessBy(world, spans), is: accessBy({ ...world, policies: after }, spans), spans };
  const changed = [...missing(world.policies, after), ...missing(after, world.policies)];
  const touched = (direction: 'ingress' | 'egress'): ReadonlySet<PartyGroup> => {
    const some = changed.filter((policy) => policy[direction] !== undefined);
    return new Set(groups.filter((group) => some.some((policy) => concerns(policy, group, world))));
  };
  const [sources, destinations] = [touched('egress'), touched('ingress')];
  const changes = groups.flatMap((source) =>
    (sources.has(source) ? groups : [...destinations])
      .filter((destination) => source !== destination || source.size > 1)
      .flatMap((destination) => changesOf(source, destination, sides)),
  );
  return { parties: groups.map(({ name }) => name), changes: merged(changes) };
};

/** Those of the one list that the other does not have just so. */
const missing = (some: readonly PolicyRules[], others: readonly PolicyRules[]): readonly PolicyRules[] =>
  some.filter((policy) => !others.some((other) => isDeepStrictEqual(policy, other)));

type Sides = { readonly was: Access; readonly is: Access; readonly spans: PortSet };

/** Of a pair: one change where all families that it has agree, else one of each that has any. */
const changesOf = (source: PartyGroup, destination: PartyGroup, sides: Sides): AccessChange[] => {
  const has = ({ addresses }: PartyGroup, family: Family): boolean =>
    addresses.some((address) => address.family === family);
  const families = FAMILIES.filter((family) => has(source, family) && has(destination, family));
  const changes = families.map((family) => changeOf({ source, destination, family }, sides));
  const [first, ...others] = changes;
  const agree = others.every(({ opens, closes }) =>
    isDeepStrictEqual({ opens, closes }, { opens: first!.opens, closes: first!.closes }),
  );
  const told = agree ? changes.slice(0, 1).map((change) => ({ ...change, family: undefined })) : changes;
  return told.filter(({ opens, closes }) => opens.length + closes.length > 0);
};

const changeOf = (pair: Pair, { was, is, spans }: Sides): AccessChange => {
  const [before, after] = [was(pair), is(pair)];
  return {
    from: [pair.source.name],
    to: [pair.destination.name],
    family: pair.family,
    opens: joinSpans(spans.filter((_, index) => after[index] && !before[index])),
    closes: joinSpans(spans.filter((_, index) => before[index] && !after[index])),
  };
};

/** As few rows as go without a loss: first those to the same, then those from the same are one. */
const merged = (changes: readonly AccessChange[]): readonly AccessChange[] => {
  const toSame = mergedBy(changes, 'from');
  return mergedBy(toSame, 'to');
};

/** Those that are alike in all but the one end as one change with all of that end. */
const mergedBy = (changes: readonly AccessChange[], end: 'from' | 'to'): readonly AccessChange[] => {
  const alike = Map.groupBy(changes, (change) => JSON.stringify({ ...change, [end]: undefined }));
  return [...alike.values()].map((some) => ({ ...some[0]!, [end]: some.flatMap((change) => change[end]) }));
};
