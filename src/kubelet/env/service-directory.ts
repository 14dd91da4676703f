// The cluster's Services by namespace, kept as they change: a pod that starts must not go through all of them.
import type { Informer } from '../../informer/informer.ts';
import type { Service } from '../../k8s/generated/types.ts';

export type ServiceDirectory = {
  readonly ofNamespace: (namespace: string) => readonly Service[];
  /** The API server's own Service, `default/kubernetes`. */
  readonly kubernetes: () => Service | undefined;
  readonly stop: () => void;
};

export const createServiceDirectory = (services: Informer<Service>): ServiceDirectory => {
  const byNamespace = new Map<string, Map<string, Service>>();
  const stop = services.subscribe(({ key, before, after }) => {
    const namespace = (after ?? before)?.metadata.namespace ?? '';
    const known = byNamespace.get(namespace) ?? new Map<string, Service>();
    byNamespace.set(namespace, known);
    if (after) known.set(key, after);
    else known.delete(key);
    if (known.size === 0) byNamespace.delete(namespace);
  });
  return {
    ofNamespace: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
    kubernetes: () => byNamespace.get('default')?.get('default/kubernetes'),
    stop,
  };
};
