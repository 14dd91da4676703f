// List, then watch: what keeps any copy of one resource in line with the API server.
import type { ApiClient, ListOptions, WatchEvent } from '../client/client.ts';
import { ApiError } from '../k8s/api-error.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';

export type ReflectorOptions<T extends KubeObject> = ListOptions & {
  readonly client: Pick<ApiClient, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  /** That the server does not know the kind is nothing to speak of: its definition may have gone. */
  readonly mayBeAbsent?: boolean;
  readonly clock: Clock;
  readonly log: Log;
};

/** What a list and the watch after it bring. A list comes in pages; one that fails has a `begin` but no `end`. */
export type Reflection<T extends KubeObject> = {
  readonly begin: () => void;
  readonly page: (items: readonly Stored<T>[]) => void;
  /** What came since `begin` is all that there is. */
  readonly end: () => void;
  readonly event: (event: Exclude<WatchEvent<T>, { type: 'BOOKMARK' }>) => void;
};

const RETRY_MS = 100;
const RETRY_MS_MAX = 30_000;
/** A list of all pods of a large cluster is longer than the longest text: kube-apiserver's own clients take 500 too. */
const PAGE_ITEMS = 500;

/**
 * Lists, then watches from there. A watch that ends is taken up where it ended; one that fails, or goes back in time,
 * begins with a list: what it left out cannot be known.
 */
export const reflect = async <T extends KubeObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
  sink: Reflection<T>,
): Promise<void> => {
  let resourceVersion: string | undefined;
  let quietRounds = 0;
  while (!signal.aborted) {
    try {
      resourceVersion ??= await list(options, signal, sink);
      for await (const event of watch(options, signal, resourceVersion)) {
        if (signal.aborted) return;
        quietRounds = 0;
        resourceVersion = later(resourceVersion, versionOf(event));
        if (event.type !== 'BOOKMARK') sink.event(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      resourceVersion = undefined;
      report(options, error);
    }
    await pause(options.clock, Math.min(RETRY_MS * 2 ** quietRounds++, RETRY_MS_MAX), signal);
  }
};

const list = async <T extends KubeObject>(
  { client, resource, ...options }: ReflectorOptions<T>,
  signal: AbortSignal,
  sink: Reflection<T>,
): Promise<string> => {
  let from: string | undefined;
  sink.begin();
  for (;;) {
    const page = await client.list(resource, { ...scopeOf(options), limit: PAGE_ITEMS, continue: from });
    if (signal.aborted) return page.resourceVersion;
    sink.page(page.items);
    from = page.continue;
    if (from) continue;
    sink.end();
    return page.resourceVersion;
  }
};

const watch = <T extends KubeObject>(
  { client, resource, ...options }: ReflectorOptions<T>,
  signal: AbortSignal,
  resourceVersion: string,
): AsyncIterable<WatchEvent<T>> => client.watch(resource, { ...scopeOf(options), resourceVersion, signal });

const scopeOf = ({ namespace, labelSelector, fieldSelector }: ListOptions): ListOptions => ({
  namespace,
  labelSelector,
  fieldSelector,
});

const versionOf = <T extends KubeObject>(event: WatchEvent<T>): string =>
  event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;

/**
 * A server sends the changes of one resource in the order of their versions (comparable as numbers: KEP-5504). Only the
 * last event again is harmless.
 */
const later = (before: string, after: string): string => {
  if (Number(after) < Number(before))
    throw new Error(`the watch went back from resource version ${before} to ${after}`);
  return after;
};

const report = <T extends KubeObject>(
  { log, resource, mayBeAbsent = false }: ReflectorOptions<T>,
  error: unknown,
): void => {
  const code = error instanceof ApiError ? error.code : undefined;
  if (code === 410) log.debug({ resource: resource.resource }, 'watch expired, listing again');
  else if (code === 404 && mayBeAbsent) log.debug({ resource: resource.resource }, 'no such kind');
  else log.warn({ resource: resource.resource, err: error }, 'list or watch failed, listing again');
};

const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener('abort', done);
  });
