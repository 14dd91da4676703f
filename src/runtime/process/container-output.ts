// Where a container's output goes: its log file, and whoever is attached.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { type LogStream, createLineSplitter } from './log-format.ts';

/** A reader that falls further behind than this loses its connection: the container does not wait for it. */
const MAX_BEHIND_BYTES = 1 << 20;

export type ContainerOutput = {
  /** Writes what `source` gives to the log, until it ends. Call once a stream. */
  readonly record: (stream: LogStream, source: Readable) => void;
  /** What comes from now on. */
  readonly follow: (stream: LogStream) => Readable;
  /** Resolves when everything has been written. */
  readonly drained: () => Promise<void>;
};

export type OutputOptions = { readonly path: string; readonly clock: Clock; readonly log: Log };

/** Opens the log file, appending to what is there. */
export const openOutput = ({ path, clock, log }: OutputOptions): ContainerOutput => {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a', 0o640);
  const followers = { stdout: new Set<PassThrough>(), stderr: new Set<PassThrough>() };
  const open: Promise<void>[] = [];
  const write = (lines: Uint8Array): void => {
    try {
      writeSync(fd, lines);
    } catch (error) {
      log.warn({ path, error: String(error) }, 'cannot write the container log');
    }
  };
  const record = (stream: LogStream, source: Readable): void => {
    const lines = createLineSplitter(stream);
    source.on('data', (chunk: Buffer) => {
      write(lines.push(chunk, clock.now()));
      for (const follower of followers[stream]) pass(follower, chunk);
    });
    const closed = new Promise<void>((resolve) => source.on('close', resolve)).then(() => {
      write(lines.end(clock.now()));
      for (const follower of followers[stream]) follower.end();
    });
    source.on('error', () => {}); // 'close' follows
    open.push(closed);
  };
  const follow = (stream: LogStream): Readable => {
    const follower = new PassThrough();
    followers[stream].add(follower);
    follower.on('close', () => followers[stream].delete(follower));
    return follower;
  };
  const drained = async (): Promise<void> => {
    await Promise.all(open);
    closeSync(fd);
    for (const follower of [...followers.stdout, ...followers.stderr]) follower.end();
  };
  return { record, follow, drained };
};

const pass = (follower: PassThrough, chunk: Buffer): void => {
  if (follower.writableLength > MAX_BEHIND_BYTES) follower.destroy();
  else follower.write(chunk);
};
