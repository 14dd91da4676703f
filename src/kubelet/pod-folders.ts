// Where a pod's files lie on the node: the same names as under /var/lib/kubelet and /var/log/pods.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeletOptions } from './options.ts';

export type PodNames = { readonly namespace: string; readonly name: string; readonly uid: string };

export type PodFolders = {
  readonly pod: (uid: string) => string;
  /** `plugin` as kubelet names it: `kubernetes.io~configmap`. */
  readonly volume: (uid: string, plugin: string, name: string) => string;
  readonly hostsFile: (uid: string) => string;
  readonly terminationLog: (uid: string, container: string, attempt: number) => string;
  readonly logs: (pod: PodNames) => string;
  /** A container's log, relative to `logs`. */
  readonly logName: (container: string, attempt: number) => string;
  readonly remove: (pod: PodNames) => Promise<void>;
  /** The uids of the pods that have a folder. */
  readonly known: () => readonly string[];
};

/** kubelet's plugin name. */
export const EMPTY_DIR = 'kubernetes.io~empty-dir';

export const createPodFolders = ({
  stateFolder,
  logFolder,
  memoryFiles,
}: Pick<KubeletOptions, 'stateFolder' | 'logFolder' | 'memoryFiles'>): PodFolders => {
  const pods = join(stateFolder, 'pods');
  mkdirSync(pods, { recursive: true });
  const pod = (uid: string): string => join(pods, uid);
  const logs = ({ namespace, name, uid }: PodNames): string => join(logFolder, `${namespace}_${name}_${uid}`);
  return {
    pod,
    volume: (uid, plugin, name) => join(pod(uid), 'volumes', plugin, name),
    hostsFile: (uid) => join(pod(uid), 'etc-hosts'),
    terminationLog: (uid, container, attempt) => join(pod(uid), 'containers', container, `${attempt}`),
    logs,
    logName: (container, attempt) => `${container}/${attempt}.log`,
    remove: async (names) => {
      for (const path of emptyDirs(pod(names.uid))) memoryFiles.unmount(path);
      for (const folder of [pod(names.uid), logs(names)]) await rm(folder, { recursive: true, force: true });
    },
    known: () => readdirSync(pods),
  };
};

/** Some may be in memory: a mount must go before its folder. */
const emptyDirs = (pod: string): readonly string[] => {
  const folder = join(pod, 'volumes', EMPTY_DIR);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};
