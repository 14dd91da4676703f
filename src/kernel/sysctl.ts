// /proc/sys. Below /proc/sys/net the kernel shows the network namespace of the thread that opens the file (linux
// fs/proc/proc_sysctl.c looks up with current->nsproxy), so a worker that called setns writes its own namespace's.
import { readFileSync, writeFileSync } from 'node:fs';
import { KernelError } from './kernel-error.ts';

/** The value of a sysctl named by its path, `net/ipv4/ip_forward`; code ENOENT if the kernel has none of that name. */
export const readSysctl = (name: string): string =>
  attempt(`read sysctl ${name}`, () => readFileSync(fileOf(name), 'utf8').trimEnd());

/** Sets a sysctl named by its path; dots are part of interface names there (`net/ipv4/conf/eth0.7/rp_filter`). */
export const writeSysctl = (name: string, value: string): void =>
  attempt(`set sysctl ${name} to ${value}`, () => writeFileSync(fileOf(name), value));

const fileOf = (name: string): string => {
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new KernelError('EINVAL', `sysctl ${name}: not a path below /proc/sys such as net/ipv4/ip_forward`);
  }
  return `/proc/sys/${name}`;
};

const attempt = <T>(what: string, fn: () => T): T => {
  try {
    return fn();
  } catch (error) {
    if (error instanceof KernelError) throw error;
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new KernelError(code, `${what}: ${code}`, { cause: error });
  }
};
