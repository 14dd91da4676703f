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
import { policyKeyText } from './rules.ts';
import type { Direction, PolicyRules } from './rules.ts';
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
  const groups = partyGroups(world, [...new Set([...world.policies, ...after])], workloads);
  const changed = [...missing(world.policies, after), ...missing(after, world.policies)];
  const touched = (direction: Direction): ReadonlySet<PartyGroup> => {
    const some = changed.filter((policy) => policy[direction] !== undefined);
    return new Set(groups.filter((group) => some.some((policy) => concerns(policy, group, world))));
  };
  const sides: Sides = {
    was: accessBy(world),
    is: accessBy({ ...world, policies: after }),
    touched: { egress: touched('egress'), ingress: touched('ingress') },
  };
  const changes = groups.flatMap((source) =>
    (sides.touched.egress.has(source) ? groups : [...sides.touched.ingress])
      .filter((destination) => source !== destination || source.size > 1)
      .flatMap((destination) => changesOf(source, destination, sides)),
  );
  return { parties: groups.map(({ name }) => name), changes: merged(changes) };
};

/** Those of the one list that the other does not have just so. */
const missing = (some: readonly PolicyRules[], others: readonly PolicyRules[]): readonly PolicyRules[] => {
  const byKey = new Map(others.map((policy) => [policyKeyText(policy.key), policy]));
  return some.filter((policy) => !isDeepStrictEqual(policy, byKey.get(policyKeyText(policy.key))));
};

type Sides = {
  readonly was: Access;
  readonly is: Access;
  /** Whose policies differ. */
  readonly touched: Readonly<Record<Direction, ReadonlySet<PartyGroup>>>;
};

/** Of a pair: one change where all families that it has agree, else one of each that has any. */
const changesOf = (source: PartyGroup, destination: PartyGroup, sides: Sides): AccessChange[] => {
  const has = ({ addresses }: PartyGroup, family: Family): boolean =>
    addresses.some((address) => address.family === family);
  const families = FAMILIES.filter((family) => has(source, family) && has(destination, family));
  const changes = families.map((family) => changeOf({ source, destination, family }, sides));
  const [first, ...others] = changes;
  const effectOf = ({ opens, closes }: AccessChange): object => ({ opens, closes });
  const agree = others.every((change) => isDeepStrictEqual(effectOf(change), effectOf(first!)));
  const told = agree ? changes.slice(0, 1).map((change) => ({ ...change, family: undefined })) : changes;
  return told.filter(({ opens, closes }) => opens.length + closes.length > 0);
};

const changeOf = (pair: Pair, sides: Sides): AccessChange => {
  const { source, destination, family } = pair;
  const spans = spansOf(
    policiesAt(pair, sides),
    destination.party.kind === 'pod' ? [destination.party.pod] : [],
  );
  const isSame =
    (!sides.touched.egress.has(source) || isSameAt('egress', pair, sides, spans)) &&
    (!sides.touched.ingress.has(destination) || isSameAt('ingress', pair, sides, spans));
  const [before, after] = isSame
    ? [[], []]
    : [allowedBy(sides.was, pair, spans), allowedBy(sides.is, pair, spans)];
  return {
    from: [source.name],
    to: [destination.name],
    family,
    opens: joinSpans(spans.filter((_, index) => after[index] && !before[index])),
    closes: joinSpans(spans.filter((_, index) => before[index] && !after[index])),
  };
};

/** All that may tell ports of the pair apart. */
const policiesAt = ({ source, destination }: Pair, { was, is }: Sides): readonly PolicyRules[] =>
  [was, is].flatMap(({ policiesOf }) => [...policiesOf(source), ...policiesOf(destination)]);

const isSameAt = (direction: Direction, pair: Pair, { was, is }: Sides, spans: PortSet): boolean => {
  const before = was.atEnd(direction, pair, spans);
  return is.atEnd(direction, pair, spans).every((isAllowed, index) => isAllowed === before[index]);
};

/** What both ends allow. */
const allowedBy = ({ atEnd }: Access, pair: Pair, spans: PortSet): readonly boolean[] => {
  const ingress = atEnd('ingress', pair, spans);
  return atEnd('egress', pair, spans).map((isAllowed, index) => isAllowed && ingress[index]!);
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
