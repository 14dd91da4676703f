// An index of pods that several rooms need: informers that are given it twice keep it once.
import type { Pod } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';

/** Pods by the name of their node. */
export const BY_NODE = 'node';

export const podsByNode = {
  [BY_NODE]: ({ spec }: Stored<Pod>): readonly string[] => (spec?.nodeName ? [spec.nodeName] : []),
} as const;
