// Packs wanted endpoints into the slices that are there, with as few writes as possible: every write of a slice goes to
// every node. Like kubernetes staging/src/k8s.io/endpointslice/reconciler.go (1.36):
//   1. an endpoint stays in the slice that it is in; one that is not wanted leaves it
//   2. new ones fill the slices that are written anyway, the fullest first
//   3. the rest goes into one untouched slice that has room for all of it, the fullest such
//   4. or into new slices
// Slices are never evened out: that would write many for the sake of few.
import type { Endpoint, EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import { TRIGGER_TIME, endpointKey, groupKey } from './state.ts';
import type { SliceGroup, WantedSlices } from './state.ts';

export type SliceChanges = {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly Stored<EndpointSlice>[];
  readonly remove: readonly Stored<EndpointSlice>[];
};

export const diffSlices = (
  wanted: WantedSlices,
  existing: readonly Stored<EndpointSlice>[],
): SliceChanges => {
  const [own, foreign] = partition(existing, ({ metadata }) =>
    (metadata.ownerReferences ?? []).some(({ uid }) => uid === wanted.owner.uid),
  );
  const byGroup = Map.groupBy(own, groupKey);
  const packed = wanted.groups.map((group) => pack(wanted, group, byGroup.get(groupKey(group)) ?? []));
  const groups = new Set(wanted.groups.map(groupKey));
  const unwanted = own.filter((slice) => !groups.has(groupKey(slice)));
  return reuse(
    {
      create: packed.flatMap(({ create }) => create),
      update: packed.flatMap(({ update }) => update),
      remove: [...foreign, ...unwanted, ...packed.flatMap(({ remove }) => remove)],
    },
    wanted,
  );
};

/** A slice on its way: the one in the cache, and the endpoints that it should have. */
type Draft = { readonly slice: Stored<EndpointSlice>; endpoints: readonly Endpoint[] };

const pack = (
  wanted: WantedSlices,
  group: SliceGroup,
  slices: readonly Stored<EndpointSlice>[],
): SliceChanges => {
  const left = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const drafts = byName(slices).map((slice) => ({ slice, endpoints: keep(slice, left) }));
  const rest = [...left.values()];
  const isTouched = (draft: Draft): boolean => isChanged(draft) || !hasMetadata(draft.slice, wanted);
  const [touched, untouched] = partition(drafts, isTouched);
  for (const draft of touched.filter(({ endpoints }) => endpoints.length > 0).sort(fullestFirst))
    draft.endpoints = [...draft.endpoints, ...rest.splice(0, wanted.capacity - draft.endpoints.length)];
  const roomy =
    rest.length > 0
      ? untouched.filter(hasRoom(rest.length, wanted.capacity)).sort(fullestFirst)[0]
      : undefined;
  if (roomy) roomy.endpoints = [...roomy.endpoints, ...rest.splice(0)];
  const isPlaceholder = group.endpoints.length === 0;
  const [filled, empty] = partition(drafts, ({ endpoints }) => endpoints.length > 0);
  const kept = isPlaceholder ? empty.slice(0, 1) : filled;
  const isMissing = isPlaceholder && kept.length === 0;
  return {
    create: chunks(rest, wanted.capacity, isMissing).map((endpoints) => newSlice(wanted, group, endpoints)),
    update: kept.filter(isTouched).map(({ slice, endpoints }) => written(slice, wanted, group, endpoints)),
    remove: drafts.filter((draft) => !kept.includes(draft)).map(({ slice }) => slice),
  };
};

/** The endpoints of the slice that are wanted, as they are wanted; taken out of `left`. */
const keep = (slice: Stored<EndpointSlice>, left: Map<string, Endpoint>): readonly Endpoint[] =>
  (slice.endpoints ?? []).flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const wanted = left.get(key);
    left.delete(key);
    return wanted ? [wanted] : [];
  });

const isChanged = ({ slice, endpoints }: Draft): boolean =>
  canonicalJson(slice.endpoints ?? []) !== canonicalJson(endpoints);

const hasMetadata = ({ metadata }: Stored<EndpointSlice>, { labels, annotations }: WantedSlices): boolean => {
  const { [TRIGGER_TIME]: _, ...others } = metadata.annotations ?? {};
  return (
    canonicalJson(metadata.labels ?? {}) === canonicalJson(labels) &&
    canonicalJson(others) === canonicalJson(annotations)
  );
};

const hasRoom =
  (count: number, capacity: number) =>
  ({ endpoints }: Draft): boolean =>
    endpoints.length + count <= capacity;

const fullestFirst = (a: Draft, b: Draft): number => b.endpoints.length - a.endpoints.length;

const byName = (slices: readonly Stored<EndpointSlice>[]): readonly Stored<EndpointSlice>[] =>
  [...slices].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

/** Parts of up to `size`; one empty part if `orEmpty` and there is nothing. */
const chunks = (
  endpoints: readonly Endpoint[],
  size: number,
  orEmpty: boolean,
): readonly (readonly Endpoint[])[] => {
  if (endpoints.length === 0) return orEmpty ? [[]] : [];
  return Array.from({ length: Math.ceil(endpoints.length / size) }, (_, index) =>
    endpoints.slice(index * size, (index + 1) * size),
  );
};

const newSlice = (
  { namespace, namePrefix, owner, labels, annotations }: WantedSlices,
  { addressType, ports }: SliceGroup,
  endpoints: readonly Endpoint[],
): EndpointSlice => ({
  metadata: { namespace, generateName: namePrefix, ownerReferences: [owner], labels, annotations },
  addressType,
  ports,
  endpoints,
});

const written = (
  slice: Stored<EndpointSlice>,
  { labels, annotations }: WantedSlices,
  { ports }: Pick<SliceGroup, 'ports'>,
  endpoints: readonly Endpoint[],
): Stored<EndpointSlice> => ({
  ...slice,
  metadata: { ...slice.metadata, labels, annotations },
  ports,
  endpoints,
});

/** A slice that would go is given to a group that would get a new one: one write instead of two. */
const reuse = ({ create, update, remove }: SliceChanges, wanted: WantedSlices): SliceChanges => {
  const free = [...remove];
  const created: EndpointSlice[] = [];
  const updated = [...update];
  for (const slice of create) {
    const index = free.findIndex(
      ({ addressType, metadata }) =>
        addressType === slice.addressType &&
        (metadata.ownerReferences ?? []).some(({ uid }) => uid === wanted.owner.uid),
    );
    const [old] = index < 0 ? [] : free.splice(index, 1);
    if (old) updated.push(written(old, wanted, { ports: slice.ports ?? [] }, slice.endpoints ?? []));
    else created.push(slice);
  }
  return { create: created, update: updated, remove: free };
};

const partition = <T>(items: readonly T[], holds: (item: T) => boolean): readonly [T[], T[]] => [
  items.filter(holds),
  items.filter((item) => !holds(item)),
];
