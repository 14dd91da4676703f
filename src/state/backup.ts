// One file that holds a cluster's state as it was at one moment, and a state made from it.
import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StateError } from './state-error.ts';
import {
  checkStateFile,
  copyStateFile,
  newestRevision,
  readFact,
  readStateFile,
  writeFact,
} from './state-file.ts';
import { databasePath, lockState, syncFile, syncFolder } from './state-folder.ts';

export type Summary = {
  /** What the state is of, as its maker wrote it. */
  readonly cluster: string;
  readonly objects: number;
  readonly revision: number;
  readonly bytes: number;
};

/**
 * What a restored cluster's revisions begin above: more than any that the lost one can have reached since the backup, so
 * that clients which saw those list anew. etcdutl's --bump-revision is given the same.
 */
const REVISIONS_SKIPPED = 1_000_000_000;

/** Also while the cluster runs and writes. Throws StateError; the file is there whole or not at all. */
export const backUp = (folder: string, file: string): Summary => {
  if (existsSync(file)) throw new StateError('NOT_EMPTY', `${file} is there already: choose another name`);
  const source = databasePath(folder);
  checkStateFile(source);
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    closeSync(openSync(unfinished, 'wx', 0o600)); // SQLite would make it readable to all
    readStateFile(source, (db) => db.prepare('VACUUM INTO ?').run(unfinished));
    syncFile(unfinished);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  syncFolder(dirname(resolve(file)));
  return summaryOf(file);
};

/** Makes a state of a backup in a folder that is new or empty. Throws StateError. */
export const restore = (file: string, folder: string): Summary => {
  checkStateFile(file);
  using _ = lockState(folder);
  copyStateFile(file, folder, (db) => {
    writeFact(db, 'revision', String(newestRevision(db) + REVISIONS_SKIPPED));
  });
  chmodSync(databasePath(folder), 0o600);
  return summaryOf(databasePath(folder));
};

const summaryOf = (path: string): Summary =>
  readStateFile(path, (db) => ({
    cluster: readFact(db, 'cluster') ?? '',
    objects: Number(db.prepare('SELECT count(*) AS count FROM objects').get()!['count']),
    revision: newestRevision(db),
    bytes: statSync(path).size,
  }));
