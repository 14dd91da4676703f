// Joins a process's streams to a caller's: exec and attach.
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../lang/clock.ts';
import type { StreamSession } from '../../../runtime/runtime.ts';
import type { CommandStreams, StreamFlags, TerminalSizes } from './command-streams.ts';
import { exitStatus, failureStatus } from './status.ts';

export type Command = {
  readonly flags: StreamFlags;
  readonly open: () => Promise<StreamSession>;
};

/** Runs until the process has ended or the caller has gone; never rejects. */
export const runCommand = async (
  streams: CommandStreams,
  { flags, open }: Command,
  clock: Clock,
): Promise<void> => {
  try {
    if (flags.tty) await firstSize(streams.sizes, clock);
    const session = await open();
    void streams.gone.then(session.close);
    streams.sizes.follow(({ columns, rows }) => session.resize(columns, rows));
    if (flags.stdin && session.stdin) feed(streams.stdin, session.stdin, session.stderr !== undefined);
    else streams.stdin.resume();
    await Promise.all([drain(session.stdout, streams.stdout), drain(session.stderr, streams.stderr)]);
    await streams.finish(exitStatus(await session.exited));
  } catch (error) {
    await streams.finish(failureStatus((error as Error).message));
  }
};

/** A caller with a terminal tells its size with its first messages; one without never does. */
const SIZE_MS_MAX = 100;

/**
 * Waits until it is known: a program that asks at once (`stty size`, an editor) is to find it set. No OCI runtime of
 * Debian 12 can set it before the program of an exec starts, so it is done right after.
 */
const firstSize = (sizes: TerminalSizes, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.after(SIZE_MS_MAX, resolve);
    sizes.follow(() => {
      timer.cancel();
      resolve();
    });
  });

/** A process that closes its input just hears no more. A terminal (`canEnd` false) lives on when nobody types. */
const feed = (from: Readable, to: Writable, canEnd: boolean): void => {
  to.on('error', () => {});
  to.once('close', () => from.resume());
  from.pipe(to, { end: canEnd });
};

const drain = async (from: Readable | undefined, to: Writable | undefined): Promise<void> => {
  if (!from) return;
  if (to) await pipeline(from, to);
  else from.resume();
};
