// The loop of a controller whose objects own pods.
import type { Informer } from '../../informer/informer.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { type KeyedLoopOptions, startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { type PodListener, hearPod } from './hear.ts';

type OwnerLoopOptions<T extends KubeObject> = Omit<KeyedLoopOptions, 'name'> & {
  readonly listener: Omit<PodListener<T>, 'owners'> & { readonly owners: Informer<T> };
  readonly pods: Informer<Pod>;
};

/** Works on an owner when it changes, and when one of its pods does. Conflicts and what is gone by now are everyday. */
export const startOwnerLoop = <T extends KubeObject>(
  { listener, pods, isExpected, ...options }: OwnerLoopOptions<T>,
  feedsOf: (loop: Loop) => readonly (() => void)[] = () => [],
): Loop => {
  const loop = startKeyedLoop({
    ...options,
    name: listener.kind.toLowerCase(),
    isExpected: (error) => isConflict(error) || isNotFound(error) || isExpected?.(error) === true,
  });
  return fedBy(loop, [
    listener.owners.subscribe(({ key }) => loop.mark(key)),
    pods.subscribe((change) => hearPod(listener, loop, change)),
    ...feedsOf(loop),
  ]);
};
