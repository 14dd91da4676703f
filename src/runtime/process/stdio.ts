// The standard streams of a container or an exec: pipes, or a terminal that crun hands over.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { openNull, openReadablePipe, openWritablePipe } from '../../kernel/child-process.ts';
import { openConsoleSocket } from '../../kernel/pty.ts';

export type Streams = {
  /** A terminal always has one. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a terminal: all comes on stdout. */
  readonly stderr: Readable | undefined;
  readonly resize: (columns: number, rows: number) => void;
};

/** What crun is started with. */
export type CrunIo = {
  /** Descriptors 0, 1 and 2; whoever starts crun closes them. */
  readonly fds: readonly [stdin: number, stdout: number, stderr: number];
  readonly consoleSocket: string | undefined;
};

export type Stdio = CrunIo & {
  /** The streams, once it has started. */
  readonly open: () => Streams;
  /** It has not. */
  readonly abort: () => void;
};

export type StdioRequest = { readonly stdin: boolean; readonly tty: boolean };

/** `socketFolder` must have a short path: unix sockets' names end at 107 bytes. */
export const prepareStdio = ({ stdin, tty }: StdioRequest, socketFolder: string): Stdio =>
  tty ? terminal(socketFolder) : pipes(stdin);

const terminal = (socketFolder: string): Stdio => {
  const console = openConsoleSocket(join(socketFolder, randomBytes(4).toString('hex')));
  return {
    fds: [openNull(), openNull(), openNull()],
    consoleSocket: console.path,
    open: () => {
      const { input, output, resize } = console.receive();
      return { stdin: input, stdout: output, stderr: undefined, resize };
    },
    abort: console.close,
  };
};

const pipes = (hasInput: boolean): Stdio => {
  const input = hasInput ? openWritablePipe() : undefined;
  const [output, errors] = [openReadablePipe(), openReadablePipe()];
  input?.stream.on('error', () => {}); // EPIPE: the process has closed its input
  return {
    fds: [input?.childFd ?? openNull(), output.childFd, errors.childFd],
    consoleSocket: undefined,
    open: () => ({
      stdin: input?.stream,
      stdout: output.stream,
      stderr: errors.stream,
      resize: () => {},
    }),
    abort: () => {
      for (const stream of [input?.stream, output.stream, errors.stream]) stream?.destroy();
    },
  };
};
