// Puts hints in proportion to the zones' CPU on the endpoints of a Service. Families are looked at apart, since a client
// uses one of them; ports are not, since their endpoints are the same pods.
import type { Endpoint, EndpointSlice } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { type AddressType, type SliceGroup, endpointKey } from '../state.ts';
import type { ZoneCapacity } from './zone-capacity.ts';
import { type ZoneHints, type ZonedEndpoint, zoneHints } from './zone-hints.ts';

export type Hinted = {
  readonly groups: readonly SliceGroup[];
  /** Undefined: there are hints. Otherwise why there are none. */
  readonly reasons: ReadonlyMap<AddressType, string | undefined>;
};

/** The groups must be without hints; `existing` are the slices that the Service has now. */
export const hintGroups = (
  groups: readonly SliceGroup[],
  existing: readonly Stored<EndpointSlice>[],
  capacity: ZoneCapacity,
): Hinted => {
  const hints = presentHints(existing);
  const results = [...Map.groupBy(groups, ({ addressType }) => addressType)].map(([addressType, own]) => {
    const ready = own.flatMap(({ endpoints }) => endpoints.filter(isReady));
    const zoned = [...new Map(ready.map((endpoint) => zonedEntry(endpoint, hints))).values()];
    return { addressType, own, result: zoneHints(zoned, capacity) };
  });
  return {
    groups: results.flatMap(({ own, result }) => own.map((group) => withHints(group, result))),
    reasons: new Map(
      results.map(({ addressType, result }) => [addressType, result.ok ? undefined : result.reason]),
    ),
  };
};

const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready === true;

const presentHints = (slices: readonly Stored<EndpointSlice>[]): ReadonlyMap<string, string> =>
  new Map(
    slices
      .flatMap(({ endpoints }) => endpoints ?? [])
      .flatMap((endpoint) => {
        const [zone, ...others] = endpoint.hints?.forZones ?? [];
        return zone && others.length === 0 ? [[endpointKey(endpoint), zone.name] as const] : [];
      }),
  );

const zonedEntry = (
  endpoint: Endpoint,
  hints: ReadonlyMap<string, string>,
): readonly [string, ZonedEndpoint] => {
  const key = endpointKey(endpoint);
  return [key, { key, zone: endpoint.zone, hint: hints.get(key) }];
};

const withHints = (group: SliceGroup, result: ZoneHints): SliceGroup => {
  if (!result.ok) return group;
  const endpoints = group.endpoints.map((endpoint) => {
    const zone = isReady(endpoint) ? result.zones.get(endpointKey(endpoint)) : undefined;
    return zone ? { ...endpoint, hints: { forZones: [{ name: zone }] } } : endpoint;
  });
  return { ...group, endpoints };
};
