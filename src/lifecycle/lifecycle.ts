// How objects end: namespaces with all that is in them, what lost its owners, nodes that fall silent and their pods.
// And how namespaces begin: with a ServiceAccount and the cluster's certificate authority.
import type { ApiClient } from '../client/client.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Informer } from '../informer/informer.ts';
import { podsByNode } from '../informer/pods-by-node.ts';
import type { CustomResourceDefinition, Lease, Namespace, Node, Pod } from '../k8s/generated/types.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, startWhenSynced } from '../reconcile/fed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { startContent } from './content.ts';
import type { Content } from './content.ts';
import { startCollector } from './garbage/collector.ts';
import { type KeptObject, startKeptObjects } from './kept-objects.ts';
import { startDefaults } from './namespace/defaults.ts';
import { startTerminator } from './namespace/terminator.ts';
import { startNodeLifecycle } from './node/controller.ts';
import { startPodCollector } from './node/pod-collector.ts';

export const lifecycleIndexes = { pods: podsByNode } as const;

export type LifecycleOptions = {
  readonly client: ApiClient;
  /** All that exist besides custom ones: others are neither collected nor deleted with their namespaces. */
  readonly resources: readonly Resource[];
  readonly definitions: Informer<CustomResourceDefinition>;
  readonly namespaces: Informer<Namespace>;
  readonly nodes: Informer<Node>;
  /** With the indexes of `lifecycleIndexes`. */
  readonly pods: Informer<Pod>;
  readonly leases: Informer<Lease>;
  /** What comes back when it is deleted. */
  readonly keptObjects: readonly KeptObject[];
  /** PEM: what pods trust the API server by. */
  readonly caCertificate: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** Starts when all that it looks at has synced. */
export const startLifecycle = (options: LifecycleOptions): Controllers => {
  const { resources, definitions, client, clock, log } = options;
  const collected = resources.filter(({ resource }) => resource !== 'events'); // nobody owns events
  const content = startContent({ client, resources: collected, definitions, clock, log });
  const synced = whenAllSynced(content, options.namespaces, options.nodes, options.pods, options.leases);
  const controllers = startWhenSynced(synced, () => startControllers(options, content));
  return {
    stop: () => {
      content.stop();
      return controllers.stop();
    },
  };
};

const startControllers = (options: LifecycleOptions, content: Content): readonly Loop[] => [
  startDefaults({ ...options, content }),
  startTerminator({ ...options, content }),
  startCollector({ ...options, content }),
  startNodeLifecycle(options),
  startPodCollector(options),
  startKeptObjects({ ...options, content }),
];
