// Lists: of now, or of an earlier revision that is worked out from the changes since then; whole or page by page.
import { ApiError } from '../../k8s/api-error.ts';
import type { ListPage, ListQuery } from '../registry.ts';
import { badRequest, expired, tooLargeResourceVersion } from '../status-errors.ts';
import type { StoredObject } from './change.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { Continuation } from './continue-token.ts';
import { checkListQuery } from './list-options.ts';
import { parseResourceVersion } from './resource-version.ts';
import { viewed } from './selector.ts';
import type { Selector } from './selector.ts';
import { rangeOf, stateAt, stateNow } from './state-at.ts';
import type { Entry } from './state-at.ts';
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
  const all = stateAt(table, revision, rangeOf(selector));
  if (!all) throw expired(LIST_EXPIRED);
  return pageOf(all, selector, revision, limit);
};

/** What the selector selects now, in key order. */
export const listNow = (table: Table, selector: Selector): readonly StoredObject[] =>
  stateNow(table, rangeOf(selector))
    .map(({ object }) => object)
    .filter(selector.matches)
    .map((object) => viewed(selector, object));

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
  const range = { from: startKey > from ? startKey : from, before };
  // A revision that is still to come is from before a restart.
  const rest = revision > store.revision ? undefined : stateAt(table, revision, range);
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

const pageOf = (
  entries: readonly Entry[],
  selector: Selector,
  revision: number,
  limit: number | undefined,
): ListPage => {
  // As in k8s.io/apiserver, storage/etcd3/store.go: a limit below 1 is none.
  const most = limit === undefined || limit < 1 ? Infinity : limit;
  const selected = firstOf(entries, selector, most + 1);
  const resourceVersion = String(revision);
  if (selected.length <= most)
    return { resourceVersion, items: selected.map(({ object }) => viewed(selector, object)) };
  const page = selected.slice(0, most);
  return {
    resourceVersion,
    items: page.map(({ object }) => viewed(selector, object)),
    continue: encodeContinue({ revision, startKey: `${page.at(-1)!.key}\0` }),
    // A count with a selector would need the rest to be looked through: kube-apiserver leaves it out.
    ...(selector.isFiltering ? {} : { remainingItemCount: entries.length - most }),
  };
};

/** At most so many of those that the selector selects: a page looks at no more objects than it needs. */
const firstOf = (entries: readonly Entry[], selector: Selector, most: number): readonly Entry[] => {
  const selected: Entry[] = [];
  for (const entry of entries) {
    if (selected.length === most) break;
    if (selector.matches(entry.object)) selected.push(entry);
  }
  return selected;
};

const continueExpired = (startKey: string): ApiError => {
  const { status } = expired(CONTINUE_EXPIRED);
  const token = encodeContinue({ revision: undefined, startKey });
  return new ApiError({ ...status, metadata: { ...status.metadata, continue: token } });
};
