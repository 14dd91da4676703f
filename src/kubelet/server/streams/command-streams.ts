// The streams of a command at the caller's end, whatever protocol carries them.
import type { Readable, Writable } from 'node:stream';
import type { Status } from '../../../k8s/generated/types.ts';
import type { TerminalSize } from '../../../runtime/runtime.ts';

/** What the caller asked for. */
export type StreamFlags = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
};

export type CommandStreams = {
  /** Ends when the caller has no more to say. Who does not read it slows the caller down. */
  readonly stdin: Readable;
  /** Undefined: not asked for. */
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly sizes: TerminalSizes;
  /** Resolves when the caller has gone. */
  readonly gone: Promise<void>;
  /** Says how it went, and ends the connection. */
  readonly finish: (status: Status) => Promise<void>;
};

/** The sizes of the caller's terminal, as it tells them. */
export class TerminalSizes {
  #latest: TerminalSize | undefined;
  #listener = (_size: TerminalSize): void => {};

  push(size: TerminalSize): void {
    this.#latest = size;
    this.#listener(size);
  }

  /** The latest, and each from now on; one listener, the last one. */
  follow(listener: (size: TerminalSize) => void): void {
    this.#listener = listener;
    if (this.#latest) listener(this.#latest);
  }
}
