// Sandboxes: a pod's network namespace, its files, its cgroup. No process of its own holds them.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KernelError } from '../../kernel/kernel-error.ts';
import { createNetns, deleteNetns, netnsPath, withNetns } from '../../kernel/netns.ts';
import { writeSysctl } from '../../kernel/sysctl.ts';
import type { Clock } from '../../lang/clock.ts';
import { type PodSandboxConfig, type PodSandboxStatus, RuntimeError } from '../runtime.ts';
import type { SandboxNetwork } from '../sandbox-network.ts';
import { removeCgroups } from './cgroups.ts';
import { writePodFiles } from './pod-files.ts';
import { createPodIpc, removePodIpc } from './pod-ipc.ts';
import { type PodSysctls, type Sysctl, podSysctls } from './pod-sysctls.ts';
import { type SandboxRecord, openRecords } from './records.ts';

export type SandboxOptions = {
  readonly clusterName: string;
  readonly nodeName: string;
  readonly folder: string;
  /** Emptied by a reboot. */
  readonly runFolder: string;
  readonly network: SandboxNetwork;
  readonly clock: Clock;
};

export type Sandboxes = {
  readonly run: (config: PodSandboxConfig) => Promise<string>;
  /** Its containers must have ended. */
  readonly stop: (id: string) => Promise<void>;
  readonly remove: (id: string) => void;
  readonly get: (id: string) => SandboxRecord | undefined;
  readonly list: () => readonly SandboxRecord[];
  readonly folderOf: (id: string) => string;
};

const SHORT_ID_LENGTH = 12;

/** What unprivileged programs may do in a namespace of their own: ping, and listen on ports below 1024 (as containerd sets it). */
const DEFAULT_SYSCTLS: readonly Sysctl[] = [
  ['net/ipv4/ping_group_range', '0 2147483647'],
  ['net/ipv4/ip_unprivileged_port_start', '0'],
];

export const createSandboxes = (options: SandboxOptions): Sandboxes => {
  const { clusterName, nodeName, folder, runFolder, network, clock } = options;
  const records = openRecords<SandboxRecord>(folder);
  const sandboxes = new Map(records.load().map((record) => [record.id, record]));
  const save = (record: SandboxRecord): void => {
    sandboxes.set(record.id, record);
    records.save(record);
  };
  const run = async (config: PodSandboxConfig): Promise<string> => {
    const sysctls = podSysctls(config.sysctls, config);
    const id = randomBytes(32).toString('hex');
    const netns = config.hostNetwork
      ? undefined
      : `podnet-${clusterName}-${nodeName}-${id.slice(0, SHORT_ID_LENGTH)}`;
    const record: SandboxRecord = {
      id,
      config,
      netns,
      ipcFolder: join(runFolder, 'pods', id.slice(0, SHORT_ID_LENGTH)),
      createdAtMs: clock.now(),
      state: 'not-ready',
      ips: [],
    };
    save(record); // first, so that whatever comes next is found and removed after a crash
    try {
      writePodFiles(records.folderOf(id), config.dns, config.hostname || nodeName);
      createPodIpc(record.ipcFolder, () => sysctls.ipc.forEach(setSysctl));
      const ips = netns ? await attach(network, record, { netns, sysctls }) : [];
      save({ ...record, state: 'ready', ips });
      return id;
    } catch (error) {
      await stop(id).catch(() => {});
      remove(id);
      throw networkFailed(error);
    }
  };
  const stop = async (id: string): Promise<void> => {
    const record = sandboxes.get(id);
    if (!record) return;
    if (record.netns) {
      await network.detach(id, netnsPath(record.netns));
      deleteNetns(record.netns);
    }
    removePodIpc(record.ipcFolder);
    save({ ...record, state: 'not-ready' });
  };
  const remove = (id: string): void => {
    const record = sandboxes.get(id);
    if (!record) return;
    removeCgroups(record.config.cgroupParent);
    records.remove(id);
    sandboxes.delete(id);
  };
  return {
    run,
    stop,
    remove,
    get: (id) => sandboxes.get(id),
    list: () => [...sandboxes.values()],
    folderOf: records.folderOf,
  };
};

const attach = async (
  network: SandboxNetwork,
  { id, config }: SandboxRecord,
  { netns, sysctls }: { readonly netns: string; readonly sysctls: PodSysctls },
): Promise<readonly string[]> => {
  const path = createNetns(netns);
  withNetns(path, () => {
    for (const sysctl of DEFAULT_SYSCTLS) ifPossible(() => setSysctl(sysctl));
    sysctls.net.forEach(setSysctl);
  });
  const { ips } = await network.attach(id, config.pod, path);
  network.publish(id, config.portMappings);
  return ips;
};

const setSysctl = ([path, value]: Sysctl): void => writeSysctl(path, value);

/** Inside of many containers /proc/sys is read-only: pods do without the comfort. */
const ifPossible = (work: () => void): void => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
};

const networkFailed = (error: unknown): RuntimeError =>
  error instanceof RuntimeError
    ? error
    : new RuntimeError('NETWORK_FAILED', `failed to set up the pod's network: ${(error as Error).message}`, {
        cause: error,
      });

/** A sandbox whose namespace is gone, after a restart of the machine say, is not ready. */
export const sandboxStatus = ({
  id,
  config,
  state,
  ips,
  createdAtMs,
  netns,
  ipcFolder,
}: SandboxRecord): PodSandboxStatus => ({
  id,
  pod: config.pod,
  state: existsSync(ipcFolder) && (!netns || existsSync(netnsPath(netns))) ? state : 'not-ready',
  ips,
  createdAtMs,
});
