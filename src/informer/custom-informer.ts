// An informer on a kind that users bring: its CustomResourceDefinition may come late, go, or never be there. While it is
// not, there are no objects, and that is known for sure.
//
//   the definition's watch ──► established, in a version that is understood ──► list and watch the objects
//                          └─► gone, or no such version ──► empty
import { servedVersionsOf } from '../k8s/custom-resource.ts';
import type { CustomResourceDefinition } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { customResourceDefinitions } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { startInformer } from './informer.ts';
import type { Informer, InformerOptions } from './informer.ts';
import { createLocalCopy } from './local-copy.ts';
import { reflect } from './reflector.ts';

export type CustomInformerOptions<T extends KubeObject> = Omit<
  InformerOptions<T>,
  'resource' | 'namespace' | 'labelSelector' | 'fieldSelector'
> & {
  /** The same kind in all versions that are understood, the one that is liked best first. */
  readonly resources: readonly [Resource<T>, ...Resource<T>[]];
};

/** It is synced when it is known that there is no such kind, or with the first list of its objects. */
export const startCustomInformer = <T extends KubeObject>({
  resources,
  ...options
}: CustomInformerOptions<T>): Informer<T> => {
  const { client, clock, log } = options;
  const { copy, sink, close } = createLocalCopy(options);
  const [{ group, resource: plural }] = resources;
  const definitions = startInformer({
    client,
    resource: customResourceDefinitions,
    fieldSelector: `metadata.name=${plural}.${group}`,
    transform: withoutSchemas,
    clock,
    log,
  });
  let followed: { readonly resource: Resource<T>; readonly abort: AbortController } | undefined;

  const follow = (resource: Resource<T> | undefined): void => {
    if (followed && followed.resource === resource) return;
    followed?.abort.abort();
    followed = undefined;
    if (!resource) return empty();
    followed = { resource, abort: new AbortController() };
    void reflect({ ...options, resource, mayBeAbsent: true }, followed.abort.signal, sink);
  };
  const empty = (): void => {
    sink.begin();
    sink.end();
  };
  const look = (): void => {
    const served = definitions.list().flatMap(servedVersionsOf);
    follow(resources.find(({ version }) => served.includes(version)));
  };
  definitions.subscribe(look);
  void definitions.whenSynced().then(look);
  return {
    ...copy,
    stop: () => {
      close();
      definitions.stop();
      followed?.abort.abort();
    },
  };
};

/** A definition is long: its schemas are most of it. */
const withoutSchemas = ({
  metadata,
  spec,
  status,
}: Stored<CustomResourceDefinition>): Stored<CustomResourceDefinition> => ({
  metadata: {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
  },
  spec: {
    ...spec,
    versions: spec.versions.map(({ name, served, storage }) => ({ name, served, storage })),
  },
  ...(status && { status }),
});
