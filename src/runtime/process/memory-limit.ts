// A container's memory limit, and whether it was killed for it.
//
// crun removes a container's cgroup before it ends, and what the kernel counted there is gone with it. So the count is
// taken one level higher:
//   version 2   memory.events of the pod's cgroup counts the kills in the cgroups below it
//   version 1   it counts its own only: the limit is on a cgroup of ours around crun's, and an eventfd tells of kills
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventCounter } from '../../kernel/event-counter.ts';
import { CGROUP_ROOT, isVersion2, removeCgroups } from './cgroups.ts';

export type MemoryLimit = {
  /** True once if the kernel killed a process for memory since the last call. */
  readonly takeKill: () => boolean;
  readonly release: () => void;
};

const NONE: MemoryLimit = { takeKill: () => false, release: () => {} };

/** crun's cgroup: inside of ours where the limit is on ours. */
export const containerCgroup = (pod: string, id: string, memoryBytes: number | undefined): string =>
  needsOwnCgroup(memoryBytes) ? join(pod, id, 'container') : join(pod, id);

/** Whether the limit is set here, and not by crun. */
export const needsOwnCgroup = (memoryBytes: number | undefined): memoryBytes is number =>
  memoryBytes !== undefined && !isVersion2() && existsSync(join(CGROUP_ROOT, 'memory'));

export const limitMemory = (pod: string, id: string, memoryBytes: number | undefined): MemoryLimit => {
  if (memoryBytes === undefined) return NONE;
  return needsOwnCgroup(memoryBytes) ? ownLimit(join(pod, id), memoryBytes) : podCounter(pod);
};

const ownLimit = (path: string, memoryBytes: number): MemoryLimit => {
  const folder = join(CGROUP_ROOT, 'memory', path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'memory.limit_in_bytes'), String(memoryBytes));
  const swap = join(folder, 'memory.memsw.limit_in_bytes'); // memory and swap together; absent without swap accounting
  if (existsSync(swap)) writeFileSync(swap, String(memoryBytes));
  const counter = openEventCounter();
  // linux Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control"
  const control = openSync(join(folder, 'memory.oom_control'), 'r');
  writeFileSync(join(folder, 'cgroup.event_control'), `${counter.fd} ${control}`);
  closeSync(control);
  return {
    takeKill: () => counter.take() > 0,
    release: () => {
      counter.close();
      removeCgroups(path);
    },
  };
};

const podCounter = (pod: string): MemoryLimit => {
  let seen = killsIn(pod);
  const takeKill = (): boolean => {
    const before = seen;
    seen = killsIn(pod);
    return seen > before;
  };
  return { takeKill, release: () => {} };
};

const killsIn = (pod: string): number => {
  try {
    const events = readFileSync(join(CGROUP_ROOT, pod, 'memory.events'), 'utf8');
    return Number(/^oom_kill (\d+)/m.exec(events)?.[1] ?? 0);
  } catch {
    return 0; // the controller is not there
  }
};
