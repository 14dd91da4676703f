// Pods that nobody looks after: bound to a node that is no more, or deleted before they had one.
import type { ApiClient } from '../../client/client.ts';
import { createEventRecorder } from '../../client/event-recorder.ts';
import type { Informer } from '../../informer/informer.ts';
import { BY_NODE } from '../../informer/pods-by-node.ts';
import { isConflict, unlessGone } from '../../k8s/api-error.ts';
import type { Node, Pod } from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { nodes as nodeResource, pods as podResource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { collectOrphan } from './apply.ts';
import type { NodeWriter } from './apply.ts';

export type PodCollectorOptions = {
  readonly client: ApiClient;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;
/** A node that registers anew in this time keeps its pods. */
const QUARANTINE_MS = 40_000;

export const startPodCollector = (options: PodCollectorOptions): Loop => {
  const events = createEventRecorder({ ...options, component: 'pod-garbage-collector' });
  const loop = startKeyedLoop({
    name: 'pod-collector',
    concurrency: CONCURRENCY,
    isExpected: isConflict,
    reconcile: (key) => reconcile({ ...options, events }, key),
    clock: options.clock,
    log: options.log,
  });
  const hasNode = ({ spec }: Stored<Pod>): boolean =>
    !spec?.nodeName || options.nodes.get(spec.nodeName) !== undefined;
  return fedBy(loop, [
    options.pods.subscribe(({ key, after }) => {
      if (!after) return;
      if (isDeletedUnbound(after)) loop.mark(key);
      else if (!hasNode(after)) loop.markAfter(key, QUARANTINE_MS);
    }),
    options.nodes.subscribe(({ key, after }) => {
      if (after) return;
      for (const pod of options.pods.byIndex(BY_NODE, key)) loop.markAfter(keyOf(pod), QUARANTINE_MS);
    }),
  ]);
};

/** What a finalizer holds is not ours to end. */
const isDeletedUnbound = ({ metadata, spec }: Stored<Pod>): boolean =>
  metadata.deletionTimestamp !== undefined && !spec?.nodeName && !metadata.finalizers?.length;

type Context = PodCollectorOptions & NodeWriter;

const reconcile = async (context: Context, key: string): Promise<void> => {
  const pod = context.pods.get(key);
  if (!pod) return;
  if (isDeletedUnbound(pod)) return deleteNow(context, pod);
  const { nodeName } = pod.spec ?? {};
  if (!nodeName || context.nodes.get(nodeName) || (await nodeExists(context, nodeName))) return;
  await collectOrphan(context, pod);
};

/** The cache may be late: the server has the last word. */
const nodeExists = async ({ client }: Context, name: string): Promise<boolean> =>
  (await unlessGone(client.get(nodeResource, { name }))) !== undefined;

const deleteNow = ({ client }: Context, { metadata }: Stored<Pod>): Promise<void> =>
  unlessGone(client.delete(podResource, metadata, { uid: metadata.uid, gracePeriodSeconds: 0 }));
