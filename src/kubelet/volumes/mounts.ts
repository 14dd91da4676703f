// A container's mounts: its volumeMounts, /etc/hosts and the termination log.
import type { Container, Pod, VolumeMount } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Mount } from '../../runtime/runtime.ts';
import { expand } from '../env/expand.ts';
import type { Variable } from '../env/service-env.ts';
import type { PodFolders } from '../pod-folders.ts';
import { volumePath } from './set-up-volumes.ts';
import { resolveSubPath } from './sub-path.ts';
import { pluginOf } from './volume-source.ts';

export type MountFacts = {
  readonly pod: Stored<Pod>;
  readonly folders: PodFolders;
  readonly env: readonly Variable[];
  readonly attempt: number;
};

/** Throws when a volumeMount cannot be resolved: CreateContainerConfigError. */
export const containerMounts = (container: Container, facts: MountFacts): readonly Mount[] => {
  const { pod, folders, attempt } = facts;
  const { uid } = pod.metadata;
  const mounts = (container.volumeMounts ?? []).map((mount) => volumeMount(mount, facts));
  const hostsPath = '/etc/hosts';
  const hasHosts = mounts.some(({ containerPath }) => containerPath === hostsPath);
  return [
    ...mounts,
    ...(hasHosts ? [] : [{ hostPath: folders.hostsFile(uid), containerPath: hostsPath, readonly: false }]),
    {
      hostPath: folders.terminationLog(uid, container.name, attempt),
      containerPath: container.terminationMessagePath ?? '/dev/termination-log',
      readonly: false,
    },
  ];
};

const volumeMount = (mount: VolumeMount, { pod, folders, env }: MountFacts): Mount => {
  const volume = (pod.spec?.volumes ?? []).find(({ name }) => name === mount.name);
  if (!volume) throw new Error(`cannot find volume "${mount.name}" to mount into container`);
  const root = volumePath(volume, pod.metadata.uid, folders);
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const subPath =
    mount.subPath ?? (mount.subPathExpr && expand(mount.subPathExpr, (name) => values.get(name)));
  return {
    hostPath: subPath ? resolveSubPath(root, subPath) : root,
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    readonly: mount.readOnly === true || pluginOf(volume)?.kind === 'files',
  };
};
