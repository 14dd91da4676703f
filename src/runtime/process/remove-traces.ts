// Takes away what runtimes left whose process is gone: containers, cgroups, network namespaces, records.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deleteNetns } from '../../kernel/netns.ts';
import { processIdOf } from '../../kernel/process-id.ts';
import { killUntilNone } from '../../kernel/process-table.ts';
import { processesIn, removeCgroups, removeEmptyParents } from './cgroups.ts';
import { processOnRecord } from './crun.ts';
import { removePodIpc } from './pod-ipc.ts';
import { type SandboxRecord, openRecords } from './records.ts';

export type TraceOptions = {
  readonly clusterName: string;
  /** The cluster's: each node's runtime has `NODE/runtime` in it. */
  readonly stateFolder: string;
  /** The cluster's: each node's crun has `NODE/crun` in it. */
  readonly runFolder: string;
};

const END_WAIT_MS = 5000;

/** Synchronous and idempotent; for a cluster whose process has ended. */
export const removeRuntimeTraces = ({ clusterName, stateFolder, runFolder }: TraceOptions): void => {
  const states = namesIn(stateFolder).map((node) => join(stateFolder, node, 'runtime'));
  const runs = namesIn(runFolder).map((node) => join(runFolder, node, 'crun'));
  const cgroup = clusterCgroup(clusterName);
  // with the first process of a pid namespace all others in it end, and crun, which waits for it, too
  killUntilNone(
    () => [...processesIn(cgroup).filter((pid) => processIdOf(pid)), ...runs.flatMap(processesOfCrun)],
    END_WAIT_MS,
  );
  removeCgroups(cgroup);
  removeEmptyParents(cgroup);
  for (const { netns, ipcFolder } of states.flatMap(sandboxesOnRecord)) {
    if (netns) deleteNetns(netns);
    removePodIpc(ipcFolder);
  }
  for (const folder of [...states, ...runs]) rmSync(folder, { recursive: true, force: true });
};

/** The cgroup that holds those of a cluster's nodes. */
const clusterCgroup = (clusterName: string): string => `/podnet/${clusterName}`;

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

const processesOfCrun = (root: string): readonly number[] =>
  namesIn(root).flatMap((id) => processOnRecord(root, id)?.pid ?? []);

const sandboxesOnRecord = (folder: string): readonly SandboxRecord[] =>
  existsSync(join(folder, 'sandboxes')) ? openRecords<SandboxRecord>(join(folder, 'sandboxes')).load() : [];
