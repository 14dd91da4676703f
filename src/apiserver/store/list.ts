// Lists: of now, or of an earlier revision that is worked out from the changes since then; whole or page by page.
import { ApiError } from '../../k8s/api-error.ts';
import type { ListPage, ListQuery } from '../registry.ts';
import { badRequest, expired, tooLargeResourceVersion } from '../status-errors.ts';
import type { StoredObject } from './change.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { Continuation } from './continue-token.ts';
import { checkListQuery } from './list-options.ts';
import { parseResourceVersion } from './resource-version.ts';
import type { Selector } from './selector.ts';
import type { Store, Table } from './store.ts';

// k8s.io/apiserver/pkg/storage/etcd3/errors.go
const LIST_EXPIRED = 'The resourceVersion for the provided list is too old.';
const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

/** One page (or all) of what the selector selects. Throws BadRequest, Invalid, 410 Expired or 504 Timeout. */
export const list = (store: Store, table: Table, selector: Selector, query: ListQuery): ListPage => {
  checkListQuery(query);
  if (query.continue) return pageAfter(store, table, selector, query, decodeContinue(query.continue));
  const { revision, limit } = startOf(store, query);
  const all = stateAt(store, table, revision, rangeOf(selector));
  if (!all) throw expired(LIST_EXPIRED);
  return pageOf(all, selector, revision, limit);
};

/** What the selector selects now, in key order. */
export const listNow = (table: Table, selector: Selector): readonly StoredObject[] =>
  liveObjects(table, rangeOf(selector)).filter(selector.matches);

const pageAfter = (
  store: Store,
  table: Table,
  selector: Selector,
  query: ListQuery,
  { revision = store.revision, startKey }: Continuation,
): ListPage => {
  if (query.resourceVersion && query.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const { from, before } = rangeOf(selector);
  const rest = stateAt(store, table, revision, { from: startKey > from ? startKey : from, before });
  if (!rest) throw continueExpired(startKey);
  return pageOf(rest, selector, revision, query.limit);
};

// A list at "any" revision is served whole, as from the watch cache; an old client's limit with a revision is exact.
const startOf = (
  { revision: current }: Store,
  { resourceVersion, resourceVersionMatch: match, limit }: ListQuery,
): { readonly revision: number; readonly limit: number | undefined } => {
  const asked = parseResourceVersion(resourceVersion);
  if (asked === undefined) return { revision: current, limit };
  if (asked > current) throw tooLargeResourceVersion(asked, current);
  if (asked === 0) return { revision: current, limit: undefined };
  const isExact = match === 'Exact' || (!match && limit !== undefined && limit > 0);
  return { revision: isExact ? asked : current, limit };
};

type Range = { readonly from: string; readonly before: string | undefined; readonly onlyKey?: string };

// '0' is the character after '/': the keys of a namespace lie between the two.
const rangeOf = ({ namespace, onlyKey }: Selector): Range => {
  if (onlyKey !== undefined) return { from: onlyKey, before: `${onlyKey}\0` };
  return namespace === undefined
    ? { from: '', before: undefined }
    : { from: `${namespace}/`, before: `${namespace}0` };
};

const liveObjects = ({ objects }: Table, { from, before }: Range): readonly StoredObject[] =>
  objects.keys(from, before).map((key) => objects.get(key)!);

/** The objects of the range as they were at `revision`; undefined if the changes since then are forgotten. */
const stateAt = (
  store: Store,
  table: Table,
  revision: number,
  range: Range,
): readonly Entry[] | undefined => {
  const { from, before } = range;
  const live = table.objects.keys(from, before).map((key) => ({ key, object: table.objects.get(key)! }));
  if (revision >= store.revision) return live;
  const since = table.changes.since(revision);
  if (!since) return undefined;
  const then = new Map<string, StoredObject | undefined>();
  for (const change of since) if (!then.has(change.key)) then.set(change.key, change.before);
  const changed = [...then]
    .filter(([key, object]) => object && key >= from && (before === undefined || key < before))
    .map(([key, object]) => ({ key, object: object! }));
  if (then.size === 0) return live;
  return [...live.filter(({ key }) => !then.has(key)), ...changed].sort(byKey);
};

type Entry = { readonly key: string; readonly object: StoredObject };

const byKey = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : 1);

const pageOf = (
  entries: readonly Entry[],
  selector: Selector,
  revision: number,
  limit: number | undefined,
): ListPage => {
  const selected = entries.filter(({ object }) => selector.matches(object));
  const resourceVersion = String(revision);
  if (!limit || selected.length <= limit)
    return { resourceVersion, items: selected.map(({ object }) => object) };
  const page = selected.slice(0, limit);
  return {
    resourceVersion,
    items: page.map(({ object }) => object),
    continue: encodeContinue({ revision, startKey: `${page.at(-1)!.key}\0` }),
    // A count with a selector would need the rest to be looked through: kube-apiserver leaves it out.
    ...(selector.isFiltering ? {} : { remainingItemCount: selected.length - limit }),
  };
};

const continueExpired = (startKey: string): ApiError => {
  const { status } = expired(CONTINUE_EXPIRED);
  const token = encodeContinue({ revision: undefined, startKey });
  return new ApiError({ ...status, metadata: { ...status.metadata, continue: token } });
};
