// Takes away what runtimes left whose process is gone: containers, cgroups, network namespaces, records.
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deleteNetns } from '../../kernel/netns.ts';
import { processesIn, removeCgroups, removeEmptyParents } from './cgroups.ts';
import { type ContainerRecord, type SandboxRecord, isAlive, openRecords, processIdOf } from './records.ts';

export type TraceOptions = {
  readonly clusterName: string;
  /** The cluster's: each node's runtime has `NODE/runtime` in it. */
  readonly stateFolder: string;
  /** The cluster's: each node's crun has `NODE/crun` in it. */
  readonly runFolder: string;
};

const END_WAIT_MS = 5000;
const RETRY_MS = 2;

/** Synchronous and idempotent; for a cluster whose process has ended. */
export const removeRuntimeTraces = ({ clusterName, stateFolder, runFolder }: TraceOptions): void => {
  const states = namesIn(stateFolder).map((node) => join(stateFolder, node, 'runtime'));
  const runs = namesIn(runFolder).map((node) => join(runFolder, node, 'crun'));
  const cgroup = clusterCgroup(clusterName);
  endProcesses([...processesIn(cgroup), ...runs.flatMap(pidsOfCrun), ...states.flatMap(pidsOnRecord)]);
  removeCgroups(cgroup);
  removeEmptyParents(cgroup);
  for (const netns of states.flatMap(namespacesOnRecord)) deleteNetns(netns);
  for (const folder of [...states, ...runs]) rmSync(folder, { recursive: true, force: true });
};

/** The cgroup that holds those of a cluster's nodes. */
export const clusterCgroup = (clusterName: string): string => `/podnet/${clusterName}`;

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** With the first process of a pid namespace all others in it end, and crun, which waits for it, too. */
const endProcesses = (pids: readonly number[]): void => {
  const alive = [...new Set(pids)].flatMap((pid) => processIdOf(pid) ?? []);
  for (const { pid } of alive) kill(pid);
  const deadline = Date.now() + END_WAIT_MS;
  while (alive.some(isAlive) && Date.now() < deadline) sleep(RETRY_MS);
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
};

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** crun's own records: CONTAINER/status. */
const pidsOfCrun = (folder: string): readonly number[] =>
  namesIn(folder).flatMap((id) => {
    try {
      const status = JSON.parse(readFileSync(join(folder, id, 'status'), 'utf8')) as {
        pid?: number;
        'process-start-time'?: number;
      };
      const startTicks = String(status['process-start-time']);
      return status.pid && isAlive({ pid: status.pid, startTicks }) ? [status.pid] : [];
    } catch {
      return [];
    }
  });

const pidsOnRecord = (folder: string): readonly number[] =>
  existsSync(join(folder, 'containers'))
    ? openRecords<ContainerRecord>(join(folder, 'containers'))
        .load()
        .flatMap(({ process: id }) => (id && isAlive(id) ? [id.pid] : []))
    : [];

const namespacesOnRecord = (folder: string): readonly string[] =>
  existsSync(join(folder, 'sandboxes'))
    ? openRecords<SandboxRecord>(join(folder, 'sandboxes'))
        .load()
        .flatMap(({ netns }) => netns ?? [])
    : [];
