// mount(2) and umount2(2) in the calling thread's mount namespace.
import { mount as mountCall, umount2 } from './ffi/libc.ts';

/** linux/mount.h: the flags of mount(2). */
export const MS = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16_384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

const MNT_DETACH = 2;

export type MountOptions = {
  readonly source?: string;
  readonly target: string;
  readonly type?: string;
  /** A sum of `MS` values. */
  readonly flags?: number;
  /** The file system's own options: `lowerdir=...,upperdir=...`. */
  readonly data?: string;
};

/** mount(2); throws KernelError naming source, type and target. */
export const mount = ({ source, target, type, flags = 0, data }: MountOptions): void =>
  mountCall(`mount ${type ?? ''} ${source ?? ''} on ${target}`.replaceAll(/ +/g, ' '), {
    source: source ?? null,
    target,
    type: type ?? null,
    flags,
    data: data ?? null,
  });

/** Unmounts `target`; with `detach` at once for new users, later for those who still hold it (MNT_DETACH). */
export const unmount = (target: string, { detach = false }: { readonly detach?: boolean } = {}): void =>
  umount2(`unmount ${target}`, target, detach ? MNT_DETACH : 0);

/** Shows `source`, a file or a folder, at `target` too. */
export const bindMount = (source: string, target: string): void => mount({ source, target, flags: MS.bind });

/** Lets the mounts below `target` propagate to the mount namespaces that come from this one. */
export const makeShared = (target: string): void => mount({ target, flags: MS.shared | MS.recursive });
