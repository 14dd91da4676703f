// Takes away everything that a cluster made in the kernel, found by the cluster's name alone: its process may have
// died at any moment.
import { rmdirSync } from 'node:fs';
import { clusterFiles } from '../embedded/cluster-files.ts';
import { cgroupFolders, processesInCgroup, removeCgroup } from '../kernel/cgroup-tree.ts';
import { unmountBelow } from '../kernel/mount-table.ts';
import { netnsPath } from '../kernel/netns.ts';
import { killUntilNone, processesInNetns } from '../kernel/process-table.ts';
import { listClusterNetns, removeUnderlay } from '../underlay/underlay.ts';

const KILL_WAIT_MS = 5000;

/** Idempotent; the cluster's process must have ended. Leaves the cluster's files. Takes about 1 ms if there is nothing. */
export const removeClusterTraces = (name: string): void => {
  endProcesses(name);
  const { run, state } = clusterFiles(name);
  for (const folder of [run, state]) unmountBelow(folder);
  removeCgroups(name);
  removeUnderlay(name);
};

/** Containers are in the cluster's cgroups; those who look after them, and `ip netns exec`, in its namespaces. */
const endProcesses = (name: string): void => {
  const namespaces = listClusterNetns(name).map(netnsPath);
  killUntilNone(() => [...processesInCgroup(cgroupOf(name)), ...processesInNetns(namespaces)], KILL_WAIT_MS);
};

const cgroupOf = (name: string): string => `/podnet/${name}`;

/** The cgroup above all clusters goes with the last of them. */
const removeCgroups = (name: string): void => {
  removeCgroup(cgroupOf(name));
  for (const folder of cgroupFolders('/podnet')) {
    try {
      rmdirSync(folder);
    } catch {
      // not there, or not empty
    }
  }
};
