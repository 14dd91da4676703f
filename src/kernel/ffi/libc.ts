// libc through koffi: calls run on the calling thread, so setns and unshare move exactly the worker that asks.
// Each function returns the call's own result or throws KernelError: `what` is the first half of its message.
import koffi from 'koffi';
import { kernelErrorOf } from '../kernel-error.ts';

// The symbols of the running process: the libc that Node itself is linked with, glibc or musl.
const lib = koffi.load(null);

const c = {
  setns: lib.func('int setns(int fd, int nstype)'),
  unshare: lib.func('int unshare(int flags)'),
  mount: lib.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
  ),
  umount2: lib.func('int umount2(const char *target, int flags)'),
  open: lib.func('int open(const char *path, int flags)'),
  close: lib.func('int close(int fd)'),
  socket: lib.func('int socket(int domain, int type, int protocol)'),
  bind: lib.func('int bind(int fd, const void *address, uint32_t length)'),
  connect: lib.func('int connect(int fd, const void *address, uint32_t length)'),
  setsockopt: lib.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  getsockopt: lib.func(
    'int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)',
  ),
  eventfd: lib.func('int eventfd(unsigned int value, int flags)'),
  send: lib.func('intptr_t send(int fd, const void *buffer, size_t length, int flags)'),
  recv: lib.func('intptr_t recv(int fd, void *buffer, size_t length, int flags)'),
  flock: lib.func('int flock(int fd, int operation)'),
};

/** bits/sched.h: what setns and unshare take. */
export const CLONE_NEWNET = 0x4000_0000;
export const CLONE_NEWNS = 0x0002_0000;
export const CLONE_NEWIPC = 0x0800_0000;

const LOCK_EX = 2; // sys/file.h
const LOCK_NB = 4;

/** The result of a call of this folder, or what went wrong where it is negative. */
export const checked = (what: string, result: number): number => {
  if (result < 0) throw kernelErrorOf(koffi.errno(), what);
  return result;
};

/** Moves the calling thread into the namespace behind an open descriptor. */
export const setns = (what: string, fd: number, nstype: number): void => {
  checked(what, c.setns(fd, nstype));
};

/** Gives the calling thread new namespaces. */
export const unshare = (what: string, flags: number): void => {
  checked(what, c.unshare(flags));
};

export type MountCall = {
  readonly source: string | null;
  readonly target: string;
  readonly type: string | null;
  readonly flags: number;
  readonly data: string | null;
};

/** mount(2). */
export const mount = (what: string, { source, target, type, flags, data }: MountCall): void => {
  checked(what, c.mount(source, target, type, flags, data));
};

/** umount2(2). */
export const umount2 = (what: string, target: string, flags: number): void => {
  checked(what, c.umount2(target, flags));
};

/** asm-generic/fcntl.h. */
const O_RDWR = 0o2;
const O_CLOEXEC = 0o2000000;

/** open(2) for reading and writing, for a descriptor that is to be closed by closeDescriptor(). */
export const openDescriptor = (what: string, path: string): number =>
  checked(what, c.open(path, O_RDWR | O_CLOEXEC));

/**
 * close(2) for what a call of this folder has opened. Not for what node:fs has: Node keeps a list of a worker's
 * descriptors, warns of those that it does not know, and closes those that are left at the worker's end.
 */
export const closeDescriptor = (fd: number): void => {
  c.close(fd);
};

/** socket(2): the new descriptor, to be closed with closeDescriptor(). */
export const socket = (what: string, domain: number, type: number, protocol: number): number =>
  checked(what, c.socket(domain, type, protocol));

/** asm-generic/socket.h. */
const SOL_SOCKET = 1;
const SO_SNDTIMEO = 21;

/** Limits how long send(2) and connect(2) wait (socket(7)). */
export const setSendTimeout = (what: string, fd: number, timeoutMs: number): void => {
  const time = BigInt64Array.of(BigInt(Math.trunc(timeoutMs / 1000)), BigInt((timeoutMs % 1000) * 1000)); // struct timeval
  checked(what, c.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, time, time.byteLength));
};

/** bind(2) to a struct sockaddr. */
export const bind = (what: string, fd: number, address: Uint8Array): void => {
  checked(what, c.bind(fd, address, address.byteLength));
};

/** connect(2) to a struct sockaddr. */
export const connect = (what: string, fd: number, address: Uint8Array): void => {
  checked(what, c.connect(fd, address, address.byteLength));
};

/** setsockopt(2) with an int value. */
export const setIntOption = (
  what: string,
  option: { readonly fd: number; readonly level: number; readonly name: number; readonly value: number },
): void => {
  const value = Int32Array.of(option.value);
  checked(what, c.setsockopt(option.fd, option.level, option.name, value, value.byteLength));
};

const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;

/** How many bytes may wait to be read. Above the machine's limit only with CAP_NET_ADMIN (socket(7)). */
export const growReceiveBuffer = (what: string, fd: number, value: number): void => {
  try {
    setIntOption(what, { fd, level: SOL_SOCKET, name: SO_RCVBUFFORCE, value });
  } catch {
    setIntOption(what, { fd, level: SOL_SOCKET, name: SO_RCVBUF, value });
  }
};

const SO_NETNS_COOKIE = 71;

/** The number of the socket's network namespace, 8 bytes as the kernel has them. Linux >= 5.14. */
export const netnsCookieOf = (what: string, fd: number): Uint8Array => {
  const value = new Uint8Array(8);
  checked(what, c.getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, value, [value.byteLength]));
  return value;
};

/** sys/eventfd.h: EFD_CLOEXEC and EFD_NONBLOCK. */
const EFD_FLAGS = 0o2000000 | 0o4000;

/** eventfd(2), not blocking: a descriptor that counts. */
export const eventfd = (what: string): number => checked(what, c.eventfd(0, EFD_FLAGS));

/** send(2): bytes sent. */
export const send = (what: string, fd: number, bytes: Uint8Array): number =>
  checked(what, c.send(fd, bytes, bytes.length, 0));

/** send(2) on a thread of libuv's pool: for calls in which the kernel waits. */
export const sendOffThread = (what: string, fd: number, bytes: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    c.send.async(fd, bytes, bytes.length, 0, (error: unknown, result: number) => {
      if (error) reject(error as Error);
      else if (result < 0) reject(kernelErrorOf(koffi.errno(), what));
      else resolve(result);
    });
  });

/** recv(2) into `buffer`: bytes received; a longer message is cut, its true length returned with MSG_TRUNC. */
export const recv = (what: string, fd: number, buffer: Uint8Array, flags: number): number =>
  checked(what, c.recv(fd, buffer, buffer.length, flags));

/** flock(2) with LOCK_EX: waits until nobody else holds the file's lock; closing the descriptor gives it back. */
export const lockExclusively = (what: string, fd: number): void => {
  checked(what, c.flock(fd, LOCK_EX));
};

/** flock(2) without waiting: false if somebody else holds it. */
export const tryLockExclusively = (what: string, fd: number): boolean => {
  const result = c.flock(fd, LOCK_EX | LOCK_NB);
  if (result < 0 && koffi.errno() === koffi.os.errno.EAGAIN) return false;
  checked(what, result);
  return true;
};
