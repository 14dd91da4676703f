// Objects that a cluster cannot be without, such as the Service `kubernetes`: who deletes one sees it come back. Their
// content is left to whoever edits them.
import type { ApiClient } from '../client/client.ts';
import { isAlreadyExists } from '../k8s/api-error.ts';
import { type KubeObject, keyOf } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { fedBy } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import type { Content } from './content.ts';

export type KeptObject = { readonly resource: Resource; readonly object: KubeObject };

export type KeptObjectsOptions = {
  readonly client: ApiClient;
  readonly content: Content;
  readonly keptObjects: readonly KeptObject[];
  readonly clock: Clock;
  readonly log: Log;
};

export const startKeptObjects = ({ client, content, keptObjects, clock, log }: KeptObjectsOptions): Loop => {
  const keptByKey = new Map(
    keptObjects.map((kept) => [content.keyOf(kept.resource, keyOf(kept.object)), kept]),
  );
  const loop = startKeyedLoop({
    name: 'kept-objects',
    concurrency: 1,
    isExpected: isAlreadyExists,
    reconcile: async (key) => {
      const kept = keptByKey.get(key);
      if (kept && !content.find(key)) await client.create(kept.resource, kept.object);
    },
    clock,
    log,
  });
  const unsubscribe = content.subscribe((resource, { key, after }) => {
    const contentKey = content.keyOf(resource, key);
    if (!after && keptByKey.has(contentKey)) loop.mark(contentKey);
  });
  return fedBy(loop, [unsubscribe]);
};
