// A local, indexed copy of one resource, kept by list and watch.
import type { KubeObject } from '../k8s/objects.ts';
import { createLocalCopy } from './local-copy.ts';
import type { LocalCopy, LocalCopyOptions } from './local-copy.ts';
import { reflect } from './reflector.ts';
import type { ReflectorOptions } from './reflector.ts';

export type { Change } from './cache.ts';

export type Informer<T extends KubeObject> = LocalCopy<T> & { readonly stop: () => void };

export type InformerOptions<T extends KubeObject> = ReflectorOptions<T> & LocalCopyOptions<T>;

/** Starts to list and watch at once. Never throws: an API server that is away is tried again with back-off. */
export const startInformer = <T extends KubeObject>(options: InformerOptions<T>): Informer<T> => {
  const { copy, sink, close } = createLocalCopy(options);
  const abort = new AbortController();
  void reflect(options, abort.signal, sink);
  return {
    ...copy,
    stop: () => {
      close();
      abort.abort();
    },
  };
};

/** Resolves when all have their first complete list. Stays pending if one is stopped before that. */
export const whenAllSynced = async (
  ...informers: readonly Pick<Informer<never>, 'whenSynced'>[]
): Promise<void> => {
  await Promise.all(informers.map((informer) => informer.whenSynced()));
};
