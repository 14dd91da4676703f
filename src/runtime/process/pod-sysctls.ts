// The sysctls of a pod, by the namespace that has them. What no namespace has is the machine's, and no pod sets it:
// as root it could have the kernel run a program of its choice (kernel.core_pattern).
import { RuntimeError } from '../runtime.ts';

/** A path below /proc/sys, and a value. */
export type Sysctl = readonly [path: string, value: string];

export type PodSysctls = { readonly net: readonly Sysctl[]; readonly ipc: readonly Sysctl[] };

/** Of the IPC namespace, as runc has them (libcontainer/configs/validate); and all of fs.mqueue. */
const IPC = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel/${name}`),
);

/** Throws CREATE_FAILED for one that belongs to no namespace of the pod. */
export const podSysctls = (
  sysctls: Readonly<Record<string, string>>,
  { hostNetwork }: { readonly hostNetwork: boolean },
): PodSysctls => {
  const all = Object.entries(sysctls).map(([name, value]): Sysctl => [pathOf(name), value]);
  const [net, ipc] = [all.filter(isOfNetwork), all.filter(isOfIpc)];
  const foreign = all.find((sysctl) => !isOfIpc(sysctl) && (hostNetwork || !isOfNetwork(sysctl)));
  if (!foreign) return { net, ipc };
  const name = foreign[0].replaceAll('/', '.');
  throw new RuntimeError(
    'CREATE_FAILED',
    `sysctl ${name} belongs to no namespace of the pod: it is the node's`,
  );
};

/** sysctl(8): the first separator tells which one separates; the other is a dot of an interface's name. */
const pathOf = (name: string): string =>
  /[./]/.exec(name)?.[0] === '/'
    ? name
    : name.replaceAll(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));

const isOfNetwork = ([path]: Sysctl): boolean => path.startsWith('net/');
const isOfIpc = ([path]: Sysctl): boolean => IPC.has(path) || path.startsWith('fs/mqueue/');
