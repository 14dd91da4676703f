// Reads a container's log file from the right place on, and follows it while the container runs.
import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { LogFormatter } from './log-lines.ts';
import type { LogOptions } from './log-lines.ts';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** How long a follower may miss that the container has ended. */
const LOOK_MS = 500;

/** `isRunning` is asked at the end of the file: when it says no, what was written until then is still sent. */
export async function* readLog(
  path: string,
  options: LogOptions,
  { isRunning, signal }: { readonly isRunning: () => Promise<boolean>; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  const formatter = new LogFormatter(options);
  const growth = options.follow ? growthOf(path, signal) : undefined;
  try {
    let offset = await startOffset(file, options.tailLines);
    for (let wasRunning = true; !signal.aborted && !formatter.isFull;) {
      const block = await readAt(file, offset);
      offset += block.length;
      if (block.length > 0) {
        const text = formatter.push(block);
        if (text.length > 0) yield text;
      } else if (!growth || !wasRunning) return;
      else {
        wasRunning = await isRunning();
        if (wasRunning) await growth.next();
      }
    }
  } finally {
    growth?.stop();
    await file.close();
  }
}

const readAt = async (file: FileHandle, offset: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, offset);
  return buffer.subarray(0, bytesRead);
};

/** Where the last `lines` lines begin: blocks are read from the end on. O(bytes of those lines). */
const startOffset = async (file: FileHandle, lines: number | undefined): Promise<number> => {
  if (lines === undefined) return 0;
  const { size } = await file.stat();
  let newlines = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = (await readAt(file, start)).subarray(0, end - start);
    for (let at = block.length - 1; at >= 0; at--) {
      if (block[at] === NEWLINE && newlines++ === lines) return start + at + 1;
    }
    end = start;
  }
  return lines === 0 ? size : 0;
};

type Growth = { readonly next: () => Promise<void>; readonly stop: () => void };

/** Resolves `next` when the file has changed since the last call, after a while, or when nobody listens any more. */
const growthOf = (path: string, signal: AbortSignal): Growth => {
  let changed = false;
  let wake = (): void => {};
  const note = (): void => {
    changed = true;
    wake();
  };
  const watcher = watch(path, { persistent: false }, note);
  watcher.on('error', () => {}); // the look at intervals remains
  signal.addEventListener('abort', note);
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        changed = false;
        wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, LOOK_MS);
      wake = done;
      if (changed) done();
    });
  const stop = (): void => {
    watcher.close();
    signal.removeEventListener('abort', note);
  };
  return { next, stop };
};
