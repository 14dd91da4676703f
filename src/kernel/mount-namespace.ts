// A mount namespace for a child: what is mounted there is seen by it alone, and is gone when it ends.
import { closeSync, openSync } from 'node:fs';
import { CLONE_NEWNS, setns, unshare } from './ffi/libc.ts';
import { fchdir } from './ffi/process.ts';
import { MS, mount } from './mount.ts';

/**
 * Runs `fn`, which mounts and starts a child, in a new mount namespace of this thread, and comes back. Unmounts in the
 * old namespace still reach the new one (slave), so that nothing is kept busy by it.
 * The thread gets a working directory of its own: the kernel changes namespaces only of threads that have one.
 */
export const withNewMountNamespace = <T>(fn: () => T extends Promise<unknown> ? never : T): T => {
  const home = openSync('/proc/thread-self/ns/mnt', 'r');
  const folder = openSync('.', 'r');
  try {
    unshare('create a mount namespace', CLONE_NEWNS);
    mount({ target: '/', flags: MS.slave | MS.recursive });
    return fn();
  } finally {
    returnTo(home, folder);
    closeSync(folder);
    closeSync(home);
  }
};

/** A thread that is lost among the wrong mounts would write to the wrong files: better no process than that. */
const returnTo = (home: number, folder: number): void => {
  try {
    setns('return to the own mount namespace', home, CLONE_NEWNS);
    fchdir('return to the working directory', folder);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
};
