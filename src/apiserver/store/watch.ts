// Watches: from a revision on, or the whole state first and then what changes.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch
import type { WatchQuery, WatchSink } from '../registry.ts';
import { expired, tooLargeResourceVersion } from '../status-errors.ts';
import { checkWatchQuery } from './list-options.ts';
import { listNow } from './list.ts';
import { parseResourceVersion } from './resource-version.ts';
import type { Selector } from './selector.ts';
import type { Store, Table } from './store.ts';
import type { Watcher } from './watchers.ts';

/** Delivers what is due at once, the rest as it happens. Throws BadRequest, Invalid, 410 Expired or 504 Timeout. */
export const watch = (
  store: Store,
  table: Table,
  selector: Selector,
  query: WatchQuery,
  sink: WatchSink,
): { readonly stop: () => void } => {
  checkWatchQuery(query);
  const asked = parseResourceVersion(query.resourceVersion);
  if (asked !== undefined && asked > store.revision) throw tooLargeResourceVersion(asked, store.revision);
  const wantsBookmarks = query.allowWatchBookmarks ?? false;
  const watcher: Watcher = { sink, selector, wantsBookmarks, since: store.revision };
  const begin = beginning(table, query, asked);
  const stop = store.watch(table, watcher);
  if (begin === 'state') sendState(table, watcher);
  if (begin === 'changes') sendChanges(table, watcher, asked!);
  if (query.sendInitialEvents && wantsBookmarks) sendInitialEventsEnd(table, watcher);
  return { stop };
};

type Beginning = 'state' | 'changes' | 'now';

const beginning = (
  { changes }: Table,
  { sendInitialEvents }: WatchQuery,
  asked: number | undefined,
): Beginning => {
  if (sendInitialEvents) return 'state';
  if (asked === undefined || asked === 0) return sendInitialEvents === false ? 'now' : 'state';
  if (asked < changes.forgotten) throw expired(`too old resource version: ${asked} (${changes.forgotten})`);
  return 'changes';
};

const sendState = (table: Table, watcher: Watcher): void => {
  for (const object of listNow(table, watcher.selector))
    table.watchers.tell(watcher, { type: 'ADDED', object });
};

const sendChanges = ({ changes, watchers }: Table, watcher: Watcher, asked: number): void => {
  for (const change of changes.since(asked) ?? []) {
    const event = change.revision <= watcher.since && change.eventThrough(watcher.selector);
    if (event) watchers.tell(watcher, event);
  }
};

const sendInitialEventsEnd = ({ watchers }: Table, watcher: Watcher): void =>
  watchers.tell(watcher, {
    type: 'BOOKMARK',
    resourceVersion: String(watcher.since),
    initialEventsEnd: true,
  });
