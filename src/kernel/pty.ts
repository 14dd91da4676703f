// Pseudo terminals: the master is a pair of streams here, the slave a descriptor for a child.
import { closeSync, constants, openSync } from 'node:fs';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { openPseudoTerminal, setWindowSize, slaveName } from './ffi/process.ts';

export type PseudoTerminal = {
  /** What the child writes; ends when no process holds the slave any more. */
  readonly output: Readable;
  readonly input: Writable;
  /** Close it once the child has started. */
  readonly childFd: number;
  readonly resize: (columns: number, rows: number) => void;
};

export const openPty = (): PseudoTerminal => {
  const what = 'open a pseudo terminal';
  const fd = openPseudoTerminal(what);
  try {
    const childFd = openSync(slaveName(what, fd), constants.O_RDWR | constants.O_NOCTTY);
    const master = new ReadStream(fd);
    const resize = (columns: number, rows: number): void => {
      if (!master.destroyed) setWindowSize('resize a pseudo terminal', fd, columns, rows);
    };
    return { output: outputOf(master), input: master, childFd, resize };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};

/** A master without slaves reads EIO, not end of file (linux drivers/tty/n_tty.c): so errors end the output. */
const outputOf = (master: ReadStream): Readable => {
  const output = new PassThrough();
  master.on('error', () => {});
  master.on('close', () => output.end());
  return master.pipe(output, { end: false });
};
