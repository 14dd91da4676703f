// What a pod's change means to the owners of pods: whose key is dirty, and which expectation is met.
import type { Change, Informer } from '../../informer/informer.ts';
import type { LabelSelector, Pod } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import { type KubeObject, type Stored, joinKey, keyOf } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { BY_NAMESPACE } from '../indexes.ts';
import type { Expectations } from './expectations.ts';

/** Many pods of one owner change at about the same time: they are counted together. */
const POD_UPDATES_MS = 10;

export type PodListener<T extends KubeObject> = {
  /** Of the owners. */
  readonly kind: string;
  readonly owners: Pick<Informer<T>, 'byIndex'>;
  readonly selectorOf: (owner: Stored<T>) => LabelSelector | undefined;
  readonly expectations?: Expectations;
};

export const hearPod = <T extends KubeObject>(
  listener: PodListener<T>,
  loop: Loop,
  { before, after }: Change<Pod>,
): void => {
  const [was, is] = [before, after].map((pod) => pod && ownerKey(pod, listener.kind));
  if (is && !before) listener.expectations?.creationSeen(is);
  const isGoing = !after || after.metadata.deletionTimestamp !== undefined;
  if (was && before && isGoing) listener.expectations?.deletionSeen(was, before.metadata.uid);
  for (const key of new Set([was, is])) {
    if (key && before && after) loop.markAfter(key, POD_UPDATES_MS);
    else if (key) loop.mark(key);
  }
  if (after && !controllerOf(after)) for (const key of adopters(listener, after)) loop.mark(key);
};

const ownerKey = (pod: Stored<Pod>, kind: string): string | undefined => {
  const owner = controllerOf(pod);
  return owner?.kind === kind ? joinKey(pod.metadata.namespace, owner.name) : undefined;
};

/** Who may take a pod that nobody controls. */
const adopters = <T extends KubeObject>(
  { owners, selectorOf }: PodListener<T>,
  { metadata }: Stored<Pod>,
): string[] =>
  owners
    .byIndex(BY_NAMESPACE, metadata.namespace ?? '')
    .filter((owner) => labelSelectorMatches(selectorOf(owner), metadata.labels))
    .map(keyOf);
