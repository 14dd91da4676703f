// The folder that holds a cluster's state, and who may use it: one process at a time.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../kernel/file-lock.ts';
import { StateError } from './state-error.ts';

const DATABASE = 'state.db';
const LOCK = 'lock';
const BALLAST = 'ballast';
/** SQLite's journal and its index, and what a creation that was killed left. */
const ATTENDANTS = [`${DATABASE}-wal`, `${DATABASE}-shm`, `${DATABASE}-journal`, `${DATABASE}.new`];

export const databasePath = (folder: string): string => join(folder, DATABASE);

export const ballastPath = (folder: string): string => join(folder, BALLAST);

/** Makes the folder, readable by its owner only, if it is not there. */
export const makeFolder = (folder: string): void => void mkdirSync(folder, { recursive: true, mode: 0o700 });

/** Holds the folder until it is disposed of or the process ends. Throws StateError IN_USE. */
export const lockState = (folder: string): Disposable => {
  makeFolder(folder);
  const lock = tryLockFile(join(folder, LOCK));
  if (lock) return lock;
  throw new StateError(
    'IN_USE',
    `${folder} is in use by another cluster that runs: 'podnet status' shows it, 'podnet down' ends it`,
  );
};

/** Throws StateError NOT_EMPTY for a folder with anything of somebody else's, or with a state, in it. */
export const checkEmpty = (folder: string): void => {
  const other = namesIn(folder).find((name) => ![LOCK, BALLAST, `${DATABASE}.new`].includes(name));
  if (other === undefined) return;
  const what = other === DATABASE ? 'holds a state already' : `is not empty (it has ${other})`;
  throw new StateError('NOT_EMPTY', `${folder} ${what}: choose a folder that is new or empty`);
};

/** Removes the state, and the folder too if nothing else is in it. */
export const removeState = (folder: string): void => {
  for (const name of [DATABASE, ...ATTENDANTS, BALLAST, LOCK]) rmSync(join(folder, name), { force: true });
  if (namesIn(folder).length === 0) rmSync(folder, { recursive: true, force: true });
};

/** What was renamed or made in the folder survives a power cut. */
export const syncFolder = (folder: string): void => syncFile(folder);

export const syncFile = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
