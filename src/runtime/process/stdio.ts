// The standard streams of a container or an exec: pipes, or a pseudo terminal.
import type { Readable, Writable } from 'node:stream';
import { openNull, openReadablePipe, openWritablePipe } from '../../kernel/child-process.ts';
import { openPty } from '../../kernel/pty.ts';
import type { Stdio } from './crun.ts';

export type Streams = {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a terminal: all comes on stdout. */
  readonly stderr: Readable | undefined;
  /** For the child; closed by whoever starts it. */
  readonly fds: Stdio;
  readonly resize: (columns: number, rows: number) => void;
};

export type StdioRequest = { readonly stdin: boolean; readonly tty: boolean };

/** A terminal always has an input: without `stdin` nobody types. */
export const openStreams = ({ stdin, tty }: StdioRequest): Streams => {
  if (tty) {
    const { input, output, childFd, resize } = openPty();
    return { stdin: input, stdout: output, stderr: undefined, fds: [childFd, childFd, childFd], resize };
  }
  const input = stdin ? openWritablePipe() : undefined;
  const output = openReadablePipe();
  const errors = openReadablePipe();
  input?.stream.on('error', () => {}); // EPIPE: the process has closed its input
  return {
    stdin: input?.stream,
    stdout: output.stream,
    stderr: errors.stream,
    fds: [input?.childFd ?? openNull(), output.childFd, errors.childFd],
    resize: () => {},
  };
};
