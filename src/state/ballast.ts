// Space kept for a disk that runs full: a file that takes it up now, so that what has been taken can still be written then.
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, statSync, statfsSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const BYTES = 8 << 20;
/** Noise, and written whole: zeros and holes are no space on disks that compress. */
const BLOCK_BYTES = 1 << 20;

export type Ballast = {
  /** Whether the space is kept, which this sees to if the disk has it again. */
  readonly keep: () => boolean;
  /** Gives the space to whoever writes next. False if none was kept. */
  readonly drop: () => boolean;
};

export const createBallast = (path: string): Ballast => {
  let isKept = sizeOf(path) === BYTES;
  const keep = (): boolean => (isKept ||= hasSpace(dirname(path)) && fill(path));
  const drop = (): boolean => {
    const wasKept = isKept;
    if (wasKept) truncateSync(path);
    isKept = false;
    return wasKept;
  };
  return { keep, drop };
};

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const hasSpace = (folder: string): boolean => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= BYTES;
};

/** False, and nothing kept, when the space is not there after all. */
const fill = (path: string): boolean => {
  const fd = openSync(path, 'w', 0o600);
  try {
    const block = randomBytes(BLOCK_BYTES);
    for (let bytes = 0; bytes < BYTES;)
      bytes += writeSync(fd, block, 0, Math.min(BLOCK_BYTES, BYTES - bytes));
    return true;
  } catch {
    truncateSync(path);
    return false;
  } finally {
    closeSync(fd);
  }
};
