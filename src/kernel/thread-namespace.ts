// Moves of the calling thread between namespaces, and back. setns and unshare move one thread, so everything here goes
// through /proc/thread-self, never /proc/self (the main thread).
import { closeSync, openSync } from 'node:fs';
import { CLONE_NEWIPC, CLONE_NEWNET, setns } from './ffi/libc.ts';

const FLAGS = { net: CLONE_NEWNET, ipc: CLONE_NEWIPC } as const;

export type ThreadNamespace = keyof typeof FLAGS;

/** The file of the namespace in which the thread is. */
export const ownNamespace = (kind: ThreadNamespace): string => `/proc/thread-self/ns/${kind}`;

/** Runs `fn`, which may change the thread's namespace, and returns to the present one. */
export const comingBack = <T>(kind: ThreadNamespace, fn: () => T): T => {
  const home = openSync(ownNamespace(kind), 'r');
  try {
    return fn();
  } finally {
    returnTo(kind, home);
    closeSync(home);
  }
};

/** A thread that is lost in another namespace would work on the wrong one: better no process than that. */
const returnTo = (kind: ThreadNamespace, home: number): void => {
  try {
    setns(`return to the own ${kind} namespace`, home, FLAGS[kind]);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
};
