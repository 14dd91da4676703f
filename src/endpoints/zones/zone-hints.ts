// Which zone each endpoint is for, so that every zone has endpoints in proportion to its CPU (KEP-2433). An endpoint is
// for its own zone as far as possible. Overload is how much more than its fair share an endpoint of a zone carries:
// hints begin when it can be kept within 20 %, and stay until it is above 30 %. (The code of kubernetes 1.36 has 20 % for
// both; the gap of the KEP keeps hints from coming and going.)
import type { ZoneCapacity } from './zone-capacity.ts';

/** A ready endpoint. */
export type ZonedEndpoint = {
  readonly key: string;
  /** Where it is. */
  readonly zone: string | undefined;
  /** What its slice says now. */
  readonly hint: string | undefined;
};

/** Endpoint's key -> zone, for each of them; or why there are to be no hints. */
export type ZoneHints =
  | { readonly ok: true; readonly zones: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly reason: string };

const OVERLOAD_TO_START = 0.2;
const OVERLOAD_TO_STAY = 0.3;

/** Depends on nothing but its arguments: what was decided before comes in as the endpoints' present hints. */
export const zoneHints = (endpoints: readonly ZonedEndpoint[], capacity: ZoneCapacity): ZoneHints => {
  if (!capacity.ok) return capacity;
  const { shares } = capacity;
  if (endpoints.length < shares.size) return refused('Insufficient number of endpoints', endpoints, shares);
  if (endpoints.some(({ zone }) => !zone))
    return { ok: false, reason: 'One or more endpoints do not have a zone specified' };
  const isHinted = endpoints.some(({ hint }) => hint !== undefined);
  const demands = demandsOf(endpoints.length, shares, isHinted ? OVERLOAD_TO_STAY : OVERLOAD_TO_START);
  if (sum(demands, ({ minimum }) => minimum) > endpoints.length)
    return refused(
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold',
      endpoints,
      shares,
    );
  const kept = endpoints.map(({ key, zone, hint }) => [key, hint ?? zone!] as const);
  const isStill = isHinted && suffices(kept, demands);
  return { ok: true, zones: new Map(isStill ? kept : spread(endpoints, demands)) };
};

const refused = (
  why: string,
  { length }: readonly ZonedEndpoint[],
  { size }: ReadonlyMap<string, number>,
): ZoneHints => ({ ok: false, reason: `${why} (${length} endpoints, ${size} zones)` });

/** What a zone must have at least, and would have if endpoints could be divided. */
type Demand = { readonly minimum: number; readonly desired: number };
type Demands = ReadonlyMap<string, Demand>;

const demandsOf = (count: number, shares: ReadonlyMap<string, number>, overload: number): Demands =>
  new Map(
    [...shares].map(([zone, share]) => {
      const minimum = Math.ceil((share * count) / (1 + overload));
      return [zone, { minimum, desired: Math.max(share * count, minimum) }];
    }),
  );

type Assignment = readonly (readonly [key: string, zone: string])[];

/** Whether all zones have what they must, and no endpoint is for a zone that has no nodes. */
const suffices = (assigned: Assignment, demands: Demands): boolean => {
  const counts = countsOf(assigned);
  return (
    [...counts.keys()].every((zone) => demands.has(zone)) &&
    [...demands].every(([zone, { minimum }]) => (counts.get(zone) ?? 0) >= minimum)
  );
};

const countsOf = (assigned: Assignment): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const [, zone] of assigned) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return counts;
};

/** Each endpoint for its own zone, then as few as possible moved from zones that have too many to such that have too few. */
const spread = (endpoints: readonly ZonedEndpoint[], demands: Demands): Assignment => {
  const zones = new Map(
    endpoints.map(({ key, zone }) => [key, zone!] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const counts = countsOf([...zones]);
  for (let move = nextMove(counts, demands); move; move = nextMove(counts, demands)) {
    const { from, to } = move;
    const [key] = [...zones].find(([, zone]) => zone === from)!;
    zones.set(key, to);
    counts.set(from, counts.get(from)! - 1);
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return [...zones];
};

/** Undefined when every zone has its minimum and another move would gain less than it costs (topologycache/utils.go). */
const nextMove = (
  counts: ReadonlyMap<string, number>,
  demands: Demands,
): { readonly from: string; readonly to: string } | undefined => {
  const states = [...new Set([...counts.keys(), ...demands.keys()])].sort().map((zone) => {
    const { minimum, desired } = demands.get(zone) ?? { minimum: 0, desired: 0 };
    const count = counts.get(zone) ?? 0;
    return { zone, surplus: count - desired, spare: count - minimum };
  });
  const misplaced = states.filter(({ zone, spare }) => spare > 0 && !demands.has(zone));
  const needy = states.filter(({ spare }) => spare < 0);
  const givers = misplaced.length > 0 ? misplaced : states.filter(({ spare }) => spare > 0);
  const takers = needy.length > 0 ? needy : states.filter(({ zone }) => demands.has(zone));
  const from = most(givers, ({ surplus }) => surplus);
  const to = most(takers, ({ surplus }) => -surplus);
  if (!from || !to || from.zone === to.zone) return undefined;
  const [give, take] = [from.surplus, -to.surplus];
  const isWorthIt = give >= 0.5 && take >= 0.5 && (give >= 1 || take >= 1);
  const isNeeded = misplaced.length > 0 || needy.length > 0;
  return isNeeded || isWorthIt ? { from: from.zone, to: to.zone } : undefined;
};

/** The first of those with the highest value. */
const most = <T>(items: readonly T[], valueOf: (item: T) => number): T | undefined =>
  items.reduce<T | undefined>(
    (best, item) => (best === undefined || valueOf(item) > valueOf(best) ? item : best),
    undefined,
  );

const sum = (demands: Demands, valueOf: (demand: Demand) => number): number =>
  [...demands.values()].reduce((total, demand) => total + valueOf(demand), 0);
