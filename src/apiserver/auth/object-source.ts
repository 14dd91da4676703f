// What decisions about access are made from: the store as it is now, and word of each change to it.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Selector } from '../store/selector.ts';
import type { Store } from '../store/store.ts';

export type ObjectSource = {
  readonly get: <T extends KubeObject>(resource: Resource<T>, key: string) => Stored<T> | undefined;
  /** Hears of all objects now, then of each change, before the write that made it returns. Undefined: deleted. */
  readonly follow: <T extends KubeObject>(
    resource: Resource<T>,
    heard: (key: string, object: Stored<T> | undefined) => void,
  ) => void;
};

const EVERYTHING: Selector = {
  id: 'access',
  namespace: undefined,
  isFiltering: false,
  onlyKey: undefined,
  matches: () => true,
};

export const sourceOf = (store: Store): ObjectSource => ({
  get: <T extends KubeObject>(resource: Resource<T>, key: string) =>
    store.table(resource).objects.get(key) as Stored<T> | undefined,
  follow: <T extends KubeObject>(
    resource: Resource<T>,
    heard: (key: string, object: Stored<T> | undefined) => void,
  ) => {
    const table = store.table(resource);
    for (const key of table.objects.keys()) heard(key, table.objects.get(key) as unknown as Stored<T>);
    store.watch(table, {
      selector: EVERYTHING,
      wantsBookmarks: false,
      since: store.revision,
      sink: {
        event: (event) => {
          if (event.type === 'BOOKMARK' || event.type === 'ERROR') return;
          const object = event.object as unknown as Stored<T>;
          heard(keyOf(event.object), event.type === 'DELETED' ? undefined : object);
        },
      },
    });
  },
});
