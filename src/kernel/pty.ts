// Pseudo terminals that another program opens and hands over: an OCI runtime makes a container's terminal inside of it and
// sends the master to a unix socket, its "console socket".
import { rmSync } from 'node:fs';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { closeDescriptor, socket } from './ffi/libc.ts';
import { accept, listenAt, receiveDescriptor, setWindowSize } from './ffi/process.ts';
import { KernelError } from './kernel-error.ts';

export type Terminal = {
  /** What the programs on the terminal write; ends when none holds it any more. */
  readonly output: Readable;
  readonly input: Writable;
  readonly resize: (columns: number, rows: number) => void;
};

export type ConsoleSocket = {
  /** At most 107 bytes long. */
  readonly path: string;
  /** The terminal, which must have been sent already. Call once, or close(). */
  readonly receive: () => Terminal;
  readonly close: () => void;
};

/** bits/socket.h. */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_FLAGS = 0o2000000 | 0o4000; // SOCK_CLOEXEC and SOCK_NONBLOCK

/** Listens at `path`, where nothing may be yet. */
export const openConsoleSocket = (path: string): ConsoleSocket => {
  const what = `receive a terminal at ${path}`;
  const fd = socket(what, AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0);
  const close = (): void => {
    closeDescriptor(fd);
    rmSync(path, { force: true });
  };
  try {
    listenAt(what, fd, path);
  } catch (error) {
    close();
    throw error;
  }
  const receive = (): Terminal => {
    const connection = accept(what, fd);
    try {
      const master = receiveDescriptor(what, connection);
      if (master === undefined) throw new KernelError('EPROTO', `${what}: none was sent`);
      return terminalOf(master);
    } finally {
      closeDescriptor(connection);
      close();
    }
  };
  return { path, receive, close };
};

const terminalOf = (fd: number): Terminal => {
  const master = new ReadStream(fd);
  const resize = (columns: number, rows: number): void => {
    if (!master.destroyed) setWindowSize('resize a terminal', fd, columns, rows);
  };
  return { output: outputOf(master), input: master, resize };
};

/** A master whose terminal nobody holds reads EIO, not end of file (linux drivers/tty/n_tty.c): errors end the output. */
const outputOf = (master: ReadStream): Readable => {
  const output = new PassThrough();
  master.on('error', () => {});
  master.on('close', () => output.end());
  return master.pipe(output, { end: false });
};
