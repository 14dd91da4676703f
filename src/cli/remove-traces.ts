// Takes away everything that a cluster made in the kernel, found by the cluster's name alone: its process may have
// died at any moment.
import { clusterFiles } from '../embedded/cluster-files.ts';
import { unmountBelow } from '../kernel/mount-table.ts';
import { netnsPath } from '../kernel/netns.ts';
import { killUntilNone, processesInNetns } from '../kernel/process-table.ts';
import { removeRuntimeTraces } from '../runtime/process/remove-traces.ts';
import { listClusterNetns, removeUnderlay } from '../underlay/underlay.ts';

const KILL_WAIT_MS = 5000;

/** Idempotent; the cluster's process must have ended. Leaves the cluster's files. Takes 1 ms if there is nothing. */
export const removeClusterTraces = (name: string): void => {
  const { run, state } = clusterFiles(name);
  // Containers, those who look after them, `ip netns exec`: nothing lives on in a namespace that loses its name.
  const namespaces = listClusterNetns(name).map(netnsPath);
  killUntilNone(() => processesInNetns(namespaces), KILL_WAIT_MS);
  // The runtime removes folders in which root file systems are mounted: those go before.
  for (const folder of [run, state]) unmountBelow(folder);
  removeRuntimeTraces({ clusterName: name, stateFolder: state, runFolder: run });
  removeUnderlay(name);
};
