// emptyDir volumes: a folder, or a file system in memory.
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import type { EmptyDirVolumeSource, Pod } from '../../k8s/generated/types.ts';
import { quantityValue } from '../../k8s/quantity.ts';
import type { NodeCapacity } from '../env/resource-field.ts';

/** File systems in memory; the kubelet itself does not touch the kernel. */
export type MemoryFiles = {
  /** What is mounted there already stays as it is. */
  readonly mount: (path: string, sizeBytes: number) => void;
  /** Idempotent. */
  readonly unmount: (path: string) => void;
};

export type EmptyDirFacts = {
  readonly pod: Pod;
  readonly capacity: NodeCapacity;
  readonly memoryFiles: MemoryFiles;
};

/** Everyone may write, as in kubelet; with an fsGroup new files belong to that group. */
export const makeEmptyDir = (path: string, source: EmptyDirVolumeSource, facts: EmptyDirFacts): void => {
  const gid = facts.pod.spec?.securityContext?.fsGroup;
  mkdirSync(path, { recursive: true });
  if (source.medium === 'Memory') facts.memoryFiles.mount(path, memorySize(source, facts));
  else if (source.medium) throw new Error(`unknown storage medium ${JSON.stringify(source.medium)}`);
  if (gid !== undefined) chownSync(path, 0, gid);
  chmodSync(path, gid === undefined ? 0o777 : 0o2777);
};

/** The least of the node's memory, the pod's limit and the volume's (KEP-1967). */
export const memorySize = (
  { sizeLimit }: EmptyDirVolumeSource,
  { pod, capacity }: Pick<EmptyDirFacts, 'pod' | 'capacity'>,
): number => {
  const ownLimit = sizeLimit === undefined ? 0 : quantityValue(sizeLimit)!;
  return Math.min(capacity.memoryBytes, podMemoryLimit(pod), ownLimit > 0 ? ownLimit : Infinity);
};

/** A pod has a limit when all its containers have. */
const podMemoryLimit = ({ spec }: Pod): number =>
  (spec?.containers ?? [])
    .map(({ resources }) => resources?.limits?.['memory'])
    .reduce<number>((sum, limit) => sum + (limit === undefined ? Infinity : quantityValue(limit)!), 0);
