// Network namespaces with names, as `ip netns` keeps them: a file below /run/netns with the namespace mounted on it.
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CLONE_NEWNET, setns, unshare } from './ffi/libc.ts';
import { KernelError, isKernelError } from './kernel-error.ts';
import { LOOPBACK_INDEX, setLink } from './link.ts';
import { bindMount, makeShared, unmount } from './mount.ts';
import { openRtnetlink } from './rtnetlink.ts';
import { comingBack, ownNamespace } from './thread-namespace.ts';

const FOLDER = '/run/netns';
/** Says that the folder is a mount because of us. */
const MOUNT_MARK = '/run/podnet/.netns-mount';

/** The file of the namespace with this name. */
export const netnsPath = (name: string): string => `${FOLDER}/${name}`;

/** Makes a namespace with lo up and returns its path; code EEXIST if the name is taken. */
export const createNetns = (name: string): string => {
  const path = netnsPath(name);
  prepareFolder();
  createFile(name, path);
  try {
    comingBack('net', () => {
      unshare(`create network namespace ${name}`, CLONE_NEWNET);
      bindMount(ownNamespace('net'), path);
      using rtnetlink = openRtnetlink();
      rtnetlink.request([setLink({ index: LOOPBACK_INDEX, up: true })]);
    });
  } catch (error) {
    deleteNetns(name);
    throw error;
  }
  return path;
};

/** Takes the name away; the namespace itself lives on while a process or a descriptor is in it. Idempotent. */
export const deleteNetns = (name: string): void => {
  const path = netnsPath(name);
  try {
    unmount(path, { detach: true });
  } catch (error) {
    // ENOENT: no such name; EINVAL: the file is there, but nothing is mounted on it (a crash between the two steps)
    if (!isKernelError(error, 'ENOENT', 'EINVAL')) throw error;
  }
  rmSync(path, { force: true });
};

/** The names that start with `prefix`, sorted. */
export const listNetns = (prefix: string): string[] => {
  try {
    return readdirSync(FOLDER)
      .filter((name) => name.startsWith(prefix))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Moves the calling thread into the namespace for good: once, at a worker's start. */
export const enterNetns = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    setns(`enter network namespace ${path}`, fd, CLONE_NEWNET);
  } finally {
    closeSync(fd);
  }
};

/** Runs `fn` in the namespace and comes back; `fn` must be synchronous, for other work shares the thread. */
export const withNetns = <T>(path: string, fn: () => T extends Promise<unknown> ? never : T): T =>
  comingBack('net', () => {
    enterNetns(path);
    return fn();
  });

const createFile = (name: string, path: string): void => {
  try {
    closeSync(openSync(path, 'wx', 0o444));
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new KernelError(code, `create network namespace ${name}: ${path}: ${code}`, { cause: error });
  }
};

/** As `ip netns add` does: the folder is a shared mount, so that names made in one mount namespace show in all. */
const prepareFolder = (): void => {
  mkdirSync(FOLDER, { recursive: true, mode: 0o755 });
  try {
    makeShared(FOLDER);
  } catch (error) {
    if (!isKernelError(error, 'EINVAL')) throw error; // EINVAL: not a mount yet
    mkdirSync(dirname(MOUNT_MARK), { recursive: true, mode: 0o700 });
    writeFileSync(MOUNT_MARK, '');
    bindMount(FOLDER, FOLDER);
    makeShared(FOLDER);
  }
};

/** Undoes what the first namespace made of the folder, once no namespace has a name there any more. Idempotent. */
export const releaseNetnsFolder = (): void => {
  if (!existsSync(MOUNT_MARK) || readdirSync(FOLDER).length > 0) return;
  try {
    unmount(FOLDER);
  } catch (error) {
    if (!isKernelError(error, 'EINVAL', 'EBUSY')) throw error; // a crash before the mount; or somebody is in there
  }
  rmSync(MOUNT_MARK, { force: true });
};
