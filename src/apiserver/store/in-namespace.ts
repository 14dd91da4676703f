import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Store } from './store.ts';

/** The objects of one namespace, in the order of their names: O(log n + what is there). */
export const inNamespace = <T extends KubeObject>(
  store: Store,
  resource: Resource<T>,
  namespace: string,
): readonly Stored<T>[] => {
  const { objects } = store.table(resource);
  // `0` is the character after the slash.
  return objects
    .keys(`${namespace}/`, `${namespace}0`)
    .map((key) => objects.get(key) as unknown as Stored<T>);
};
