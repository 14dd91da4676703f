// Who reaps the descendants whose parent has ended. A pid namespace does not end before its last zombie is reaped, and
// crun leaves one in a container's when an exec fails: with process 1 of the machine as heir, which in a CI's container
// often reaps nobody, such a pod would never end. So this process is the heir (prctl(2), PR_SET_CHILD_SUBREAPER).
import { existsSync, readFileSync } from 'node:fs';
import { becomeSubreaper, waitpid } from './ffi/process.ts';

/** What the main thread has as children; the kernel gives it what this process inherits. Linux with CONFIG_PROC_CHILDREN. */
const CHILDREN = `/proc/self/task/${process.pid}/children`;

/** Inherits and reaps what crun leaves behind in containers. For the main thread of a process whose threads run pods. */
export const adoptOrphans = (): void => {
  if (!existsSync(CHILDREN)) return; // better an heir that may reap than one that cannot
  becomeSubreaper('adopt orphans');
  process.on('SIGCHLD', reapAdopted);
};

const reapAdopted = (): void => {
  for (const pid of readFileSync(CHILDREN, 'utf8').trim().split(' '))
    if (isAdoptedZombie(pid)) waitpid(`reap process ${pid}`, Number(pid));
};

/**
 * Whoever starts a child reaps it. Nobody here starts one in another pid namespace, so one that has a second pid (proc_pid_status(5)),
 * for a namespace further down, was adopted.
 */
const isAdoptedZombie = (pid: string): boolean => {
  const status = statusOf(pid);
  return /^State:\tZ/m.test(status) && /^NSpid:\t\d+\t\d/m.test(status);
};

const statusOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // reaped since by who started it
  }
};
