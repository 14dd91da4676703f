// Makes a pod's volumes, and brings their files up to date later. Idempotent: what is right already stays.
import type { Volume } from '../../k8s/generated/types.ts';
import type { PodFolders } from '../pod-folders.ts';
import { writeFilesAtomically } from './atomic-writer.ts';
import { makeEmptyDir } from './empty-dir.ts';
import type { EmptyDirFacts } from './empty-dir.ts';
import { prepareHostPath } from './host-path.ts';
import { pluginOf, volumeFiles } from './volume-source.ts';
import type { SourceFacts } from './volume-source.ts';

/** kubelet's words for a volume that cannot be made: an event FailedMount. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

type VolumeFacts = SourceFacts & EmptyDirFacts;

/** Throws VolumeError for the first volume that fails; the others are made nevertheless. */
export const setUpVolumes = async (facts: VolumeFacts, folders: PodFolders): Promise<void> => {
  const volumes = facts.pod.spec?.volumes ?? [];
  const outcomes = await Promise.allSettled(volumes.map((volume) => setUp(volume, facts, folders)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const reason = outcome.reason as Error;
    const message = `MountVolume.SetUp failed for volume "${volumes[index]!.name}" : ${reason.message}`;
    throw new VolumeError(message, { cause: reason });
  }
};

/** Where a volume lies on the node. */
export const volumePath = (volume: Volume, podUid: string, folders: PodFolders): string =>
  volume.hostPath?.path ?? folders.volume(podUid, pluginOf(volume)?.plugin ?? 'unknown', volume.name);

const setUp = async (volume: Volume, facts: VolumeFacts, folders: PodFolders): Promise<void> => {
  const found = pluginOf(volume);
  if (!found)
    throw new Error(
      'no volume plugin matched: podnet has emptyDir, configMap, secret, downwardAPI, projected and hostPath',
    );
  const path = volumePath(volume, facts.pod.metadata.uid, folders);
  if (found.kind === 'host') return prepareHostPath(volume.hostPath!);
  if (found.kind === 'empty') return makeEmptyDir(path, volume.emptyDir!, facts);
  const gid = facts.pod.spec?.securityContext?.fsGroup;
  writeFilesAtomically(path, await volumeFiles(volume, facts), { gid });
};
