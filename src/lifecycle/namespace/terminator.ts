// Deletes all that is in a namespace which is being deleted, and releases the namespace when nothing is left.
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../client/client.ts';
import type { Informer } from '../../informer/informer.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Namespace } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { namespaces as namespaceResource } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { Content } from '../content.ts';
import { FINALIZER, compileStatus } from './compile.ts';
import type { Remaining } from './compile.ts';

export type TerminatorOptions = {
  readonly client: ApiClient;
  readonly resources: readonly Resource[];
  readonly content: Content;
  readonly namespaces: Informer<Namespace>;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 10;
/** The end of each object is heard; this is for what is not: an object whose finalizer nobody removes. */
const LOOK_AGAIN_MS = 5_000;
/** Many objects go at once: they are looked for together. */
const DELETIONS_MS = 20;

export const startTerminator = (options: TerminatorOptions): Loop => {
  const loop = startKeyedLoop({
    name: 'namespace',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(options, key),
    clock: options.clock,
    log: options.log,
  });
  const isTerminating = (name: string): boolean =>
    options.namespaces.get(name)?.metadata.deletionTimestamp !== undefined;
  return fedBy(loop, [
    options.namespaces.subscribe(({ key, after }) => {
      if (after?.metadata.deletionTimestamp !== undefined) loop.mark(key);
    }),
    options.content.subscribe((_, { before, after }) => {
      const namespace = before?.metadata.namespace;
      if (!after && namespace && isTerminating(namespace)) loop.markAfter(namespace, DELETIONS_MS);
    }),
  ]);
};

/** Reads the server, not the cache: a namespace must not be released over an object that the cache shows too late. */
const reconcile = async (
  options: TerminatorOptions,
  name: string,
): Promise<void | { readonly afterMs: number }> => {
  if (!options.namespaces.get(name)) return;
  const namespace = await options.client.get(namespaceResource, { name });
  const finalizers = namespace.spec?.finalizers ?? [];
  if (namespace.metadata.deletionTimestamp === undefined || !finalizers.includes(FINALIZER)) return;
  const results = await Promise.all(
    [...options.resources, ...options.content.customResources()]
      .filter(({ namespaced }) => namespaced)
      .map((each) => empty(options.client, each, name)),
  );
  const remaining = results.filter(({ count }) => count > 0);
  const failures = results.flatMap((result) => result.failure ?? []);
  const current = await writeStatus(options, namespace, remaining, failures);
  if (remaining.length > 0) return { afterMs: LOOK_AGAIN_MS };
  await finalize(options.client, current);
};

type Emptied = Remaining & { readonly failure?: string };

/** Deletes what is not being deleted yet; tells what is still there. */
const empty = async (client: ApiClient, resource: Resource, namespace: string): Promise<Emptied> => {
  const { items } = await client.list(resource, { namespace });
  const doomed = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const failures = (await Promise.all(doomed.map((object) => remove(client, resource, object)))).flat();
  const left = doomed.length > 0 ? (await client.list(resource, { namespace })).items : items;
  const [failure] = failures;
  return {
    resource: `${resource.resource}.${resource.group}`,
    count: left.length,
    finalizers: left.flatMap(({ metadata }) => metadata.finalizers ?? []),
    ...(failure === undefined ? {} : { failure }),
  };
};

const remove = async (
  client: ApiClient,
  resource: Resource,
  { metadata }: Stored<KubeObject>,
): Promise<readonly string[]> => {
  try {
    await client.delete(resource, metadata, { uid: metadata.uid, propagationPolicy: 'Background' });
    return [];
  } catch (error) {
    return isNotFound(error) ? [] : [error instanceof Error ? error.message : String(error)];
  }
};

const writeStatus = async (
  { client, clock }: TerminatorOptions,
  namespace: Stored<Namespace>,
  remaining: readonly Remaining[],
  failures: readonly string[],
): Promise<Stored<Namespace>> => {
  const status = compileStatus({ namespace, remaining, failures, nowMs: clock.now() });
  if (isDeepStrictEqual(namespace.status, status)) return namespace;
  return client.updateStatus(namespaceResource, { ...namespace, status });
};

const finalize = async (client: ApiClient, namespace: Stored<Namespace>): Promise<void> => {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((each) => each !== FINALIZER);
  const released = {
    apiVersion: 'v1',
    kind: 'Namespace',
    ...namespace,
    spec: { ...namespace.spec, finalizers },
  };
  await client.createSubresource(namespaceResource, namespace.metadata, 'finalize', released);
};
