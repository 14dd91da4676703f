// A process by its pid and start time: a pid alone may be another's by now.
import { readFileSync } from 'node:fs';

export type ProcessId = {
  readonly pid: number;
  /** In clock ticks after boot. */
  readonly startTicks: string;
};

/**
 * The process with this pid now, or undefined; a zombie has ended, although its parent may take its time to notice.
 * Field 3 of /proc/PID/stat is its state, field 22 its start time (proc_pid_stat(5)).
 */
export const processIdOf = (pid: number): ProcessId | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on
    return fields[0] === 'Z' ? undefined : { pid, startTicks: fields[19]! };
  } catch {
    return undefined;
  }
};

export const isAlive = ({ pid, startTicks }: ProcessId): boolean =>
  processIdOf(pid)?.startTicks === startTicks;

/** Does nothing if the process has ended. */
export const signalProcess = (id: ProcessId, signal: NodeJS.Signals): void => {
  if (isAlive(id)) signalPid(id.pid, signal);
};

/** For a pid that was found a moment ago; does nothing if the process has ended meanwhile. */
export const signalPid = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
