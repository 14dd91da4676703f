// The part of libc that starts processes and makes their descriptors. See libc.ts for the conventions.
import koffi from 'koffi';
import { kernelErrorOf } from '../kernel-error.ts';
import { bind, checked } from './libc.ts';

const lib = koffi.load(null);

const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
const msghdr = koffi.struct({
  name: 'void *',
  nameLength: 'uint32_t',
  vector: koffi.pointer(iovec),
  vectorLength: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});

const c = {
  spawn: lib.func(
    'int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)',
  ),
  actionsInit: lib.func('int posix_spawn_file_actions_init(void *actions)'),
  actionsDup2: lib.func('int posix_spawn_file_actions_adddup2(void *actions, int fd, int newfd)'),
  actionsDestroy: lib.func('int posix_spawn_file_actions_destroy(void *actions)'),
  attributesInit: lib.func('int posix_spawnattr_init(void *attributes)'),
  attributesSetFlags: lib.func('int posix_spawnattr_setflags(void *attributes, int16_t flags)'),
  attributesSetDefault: lib.func('int posix_spawnattr_setsigdefault(void *attributes, const void *set)'),
  sigfillset: lib.func('int sigfillset(void *set)'),
  waitpid: lib.func('int waitpid(int pid, _Out_ int *status, int options)'),
  pipe2: lib.func('int pipe2(void *fds, int flags)'),
  fchdir: lib.func('int fchdir(int fd)'),
  listen: lib.func('int listen(int fd, int backlog)'),
  accept: lib.func('int accept4(int fd, void *address, void *length, int flags)'),
  recvmsg: lib.func('recvmsg', 'intptr_t', ['int', koffi.inout(koffi.pointer(msghdr)), 'int']),
  prctl: lib.func(
    'int prctl(int option, unsigned long argument, unsigned long, unsigned long, unsigned long)',
  ),
  ioctl: lib.func('int ioctl(int fd, unsigned long request, const void *argument)'),
};

/** asm-generic/fcntl.h, ioctls.h and linux/socket.h: the same on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;
const SOCK_CLOEXEC = O_CLOEXEC;
const SOCK_NONBLOCK = 0o4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const AF_UNIX = 1;
const TIOCSWINSZ = 0x5414;

/** spawn.h. */
const SPAWN_SETSIGDEF = 0x04;
const SPAWN_SETSIGMASK = 0x08;
const SPAWN_SETSID = 0x80;

/** More than the opaque types of glibc (80, 336 and 128 bytes) and musl need. */
const OPAQUE_BYTES = 512;

export type SpawnCall = {
  readonly path: string;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** The child's descriptor i is a copy of fds[i]; it has no others. */
  readonly fds: readonly number[];
};

/** posix_spawn(3): a child with a session of its own and every signal at its default. Returns its pid. */
export const posixSpawn = (what: string, { path, argv, envp, fds }: SpawnCall): number => {
  const actions = Buffer.alloc(OPAQUE_BYTES);
  c.actionsInit(actions);
  try {
    fds.forEach((fd, index) => c.actionsDup2(actions, fd, index));
    const pid = [0];
    const error = c.spawn(pid, path, actions, childAttributes(), [...argv, null], [...envp, null]) as number;
    if (error !== 0) throw kernelErrorOf(error, what);
    return pid[0]!;
  } finally {
    c.actionsDestroy(actions);
  }
};

/** Node ignores SIGPIPE, and an ignored signal stays ignored across exec: so every signal is set back. */
const childAttributes = (): Buffer => {
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  const all = Buffer.alloc(OPAQUE_BYTES);
  c.attributesInit(attributes); // the mask is empty from here on
  c.sigfillset(all);
  c.attributesSetDefault(attributes, all);
  c.attributesSetFlags(attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK | SPAWN_SETSID);
  return attributes;
};

/** bits/waitflags.h. */
const WNOHANG = 1;

/** waitpid(2), not waiting: the wait status of a child, or undefined if it has not ended. */
export const waitpid = (what: string, pid: number): number | undefined => {
  const status = [0];
  return checked(what, c.waitpid(pid, status, WNOHANG)) === 0 ? undefined : status[0]!;
};

/** linux/prctl.h. */
const PR_SET_CHILD_SUBREAPER = 36;

/** prctl(2), PR_SET_CHILD_SUBREAPER: from now on orphans among this process's descendants are its children. */
export const becomeSubreaper = (what: string): void => {
  checked(what, c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
};

/** pipe2(2) with O_CLOEXEC: the end to read and the end to write. */
export const pipe = (what: string): readonly [read: number, write: number] => {
  const fds = new Int32Array(2);
  checked(what, c.pipe2(fds, O_CLOEXEC));
  return [fds[0]!, fds[1]!];
};

/** fchdir(2): the working directory of the calling thread, if it shares none with others. */
export const fchdir = (what: string, fd: number): void => {
  checked(what, c.fchdir(fd));
};

/** bind(2) and listen(2) of a unix socket at a path of at most 107 bytes. */
export const listenAt = (what: string, fd: number, path: string): void => {
  const address = Buffer.alloc(110); // struct sockaddr_un
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2, 107);
  bind(what, fd, address);
  checked(what, c.listen(fd, 1));
};

/** accept4(2), not waiting: a connection that is there already, or EAGAIN. */
export const accept = (what: string, fd: number): number =>
  checked(what, c.accept(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));

/** Bytes of a control message (struct cmsghdr) that carries one descriptor, and where in it the descriptor is. */
const CONTROL_BYTES = 24;
const CONTROL_DATA = 16;

/** recvmsg(2) for a descriptor that the peer has sent (SCM_RIGHTS, unix(7)); undefined if it sent none. */
export const receiveDescriptor = (what: string, fd: number): number | undefined => {
  const [data, control] = [Buffer.alloc(4096), Buffer.alloc(CONTROL_BYTES)];
  const message = {
    name: null,
    nameLength: 0,
    vector: { base: data, length: data.length },
    vectorLength: 1,
    control,
    controlLength: control.length,
    flags: 0,
  };
  checked(what, c.recvmsg(fd, message, MSG_CMSG_CLOEXEC) as number);
  return Number(message.controlLength) === 0 ? undefined : control.readInt32LE(CONTROL_DATA);
};

/** ioctl TIOCSWINSZ: struct winsize is rows, columns and two sizes in pixels. */
export const setWindowSize = (what: string, fd: number, columns: number, rows: number): void => {
  checked(what, c.ioctl(fd, TIOCSWINSZ, Uint16Array.of(rows, columns, 0, 0)));
};
