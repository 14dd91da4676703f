// A client whose watches do what networks and servers at their worst do. Each event of a watch meets the next fault; when
// there are no more, watches are as they should be.
import type { ApiClient, WatchEvent, WatchOptions } from '../../src/client/client.ts';
import { ApiError, failure } from '../../src/k8s/api-error.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import type { Resource } from '../../src/k8s/resources.ts';

/**
 * `twice`: the event comes again. `replay`: all that came before comes again after it. `swap`: the next one comes before
 * it. `lose`: the connection breaks and the event with it. `cut`: the connection breaks after it. `end`: the watch ends in
 * good order before it. `expire`: the server does not know the version any more.
 */
export const FAULTS = ['none', 'twice', 'replay', 'swap', 'lose', 'cut', 'end', 'expire'] as const;
export type Fault = (typeof FAULTS)[number];

export const withFaultyWatches = (
  client: ApiClient,
  faults: readonly Fault[],
): Pick<ApiClient, 'list' | 'watch'> => {
  const left = [...faults];
  return {
    list: client.list,
    watch: (resource, options) => faultyWatch(client, resource, options, left),
  };
};

async function* faultyWatch<T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  options: WatchOptions,
  faults: Fault[],
): AsyncGenerator<WatchEvent<T>> {
  const seen: WatchEvent<T>[] = [];
  let held: WatchEvent<T> | undefined;
  for await (const event of client.watch(resource, options)) {
    const fault = faults.shift() ?? 'none';
    if (fault === 'end') return;
    if (fault === 'lose') throw new Error('connection reset');
    if (fault === 'expire') throw new ApiError(failure(410, 'Expired', 'too old resource version'));
    const late = held;
    held = fault === 'swap' ? event : undefined;
    if (!held) yield event;
    if (late) yield late;
    seen.push(event);
    if (fault === 'twice') yield event;
    if (fault === 'replay') yield* seen;
    if (fault === 'cut') throw new Error('connection reset');
  }
}
