// One state file: made whole or not at all, and looked at before it is used.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';
import { APPLICATION_ID, MIGRATIONS, integerPragma, migrate, versionOf } from './schema.ts';
import { StateError, damaged } from './state-error.ts';
import { checkEmpty, databasePath, makeFolder, syncFile, syncFolder } from './state-folder.ts';

/** The file's facts: what is in it besides objects. */
export type FactName = 'cluster' | 'revision';

/** A new state in a folder that has none, filled by `fill`. The folder's lock must be held. */
export const createStateFile = (folder: string, fill: (db: DatabaseSync) => void): void =>
  makeStateFile(folder, (path) => closeSync(openSync(path, 'wx', 0o600)), fill);

/** The same from a copy of `source`, which has been checked. */
export const copyStateFile = (source: string, folder: string, change: (db: DatabaseSync) => void): void =>
  makeStateFile(
    folder,
    (path) => {
      copyFileSync(source, path);
      chmodSync(path, 0o600);
    },
    change,
  );

// Under another name until it is whole: a state.db that is empty or half written is never one that we made.
const makeStateFile = (
  folder: string,
  begin: (path: string) => void,
  fill: (db: DatabaseSync) => void,
): void => {
  makeFolder(folder);
  checkEmpty(folder);
  const path = databasePath(folder);
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  begin(unfinished);
  const db = new DatabaseSync(unfinished);
  try {
    migrate(db);
    fill(db);
  } finally {
    db.close();
  }
  syncFile(unfinished);
  renameSync(unfinished, path);
  syncFolder(folder);
  syncFolder(dirname(folder));
};

/** Throws StateError for a file that is not there, damaged, somebody else's, or of a newer podnet. Changes nothing. */
export const checkStateFile = (path: string): void => {
  if (!existsSync(path)) throw new StateError('NOT_THERE', `there is no ${path}`);
  if (statSync(path).size === 0) throw damaged(path, 'it is empty');
  readStateFile(path, (db) => {
    if (integerPragma(db, 'application_id') !== APPLICATION_ID)
      throw new StateError('FOREIGN', `${path} is an SQLite database, but not the state of a podnet cluster`);
    const version = versionOf(db);
    if (version > MIGRATIONS.length)
      throw new StateError(
        'NEWER',
        `${path} was written by a newer podnet: its version is ${version}, this podnet knows ${MIGRATIONS.length}. Use that podnet`,
      );
    const finding = String(db.prepare('PRAGMA quick_check(1)').get()!['quick_check']);
    if (finding !== 'ok') throw damaged(path, finding.replaceAll('\n', ' '));
  });
};

/** Reads from a file that may be in use. What SQLite finds wrong becomes a StateError. */
export const readStateFile = <T>(path: string, read: (db: DatabaseSync) => T): T =>
  // read only, so that closing it does not fold the journal into a file that may be damaged
  withDatabase(path, { readOnly: true }, read);

const withDatabase = <T>(
  path: string,
  options: { readonly readOnly: boolean },
  work: (db: DatabaseSync) => T,
): T => {
  const db = openDatabase(path, options);
  try {
    return work(db);
  } catch (error) {
    throw explained(path, error);
  } finally {
    db.close();
  }
};

const openDatabase = (path: string, options: { readonly readOnly: boolean }): DatabaseSync => {
  try {
    return new DatabaseSync(path, { ...options, timeout: BUSY_MS_MAX });
  } catch (error) {
    throw explained(path, error);
  }
};

const BUSY_MS_MAX = 5000;
// https://www.sqlite.org/rescode.html
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** SQLite's own finding as a StateError; anything else as it is. */
export const explained = (path: string, error: unknown): unknown => {
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string };
  const primary = (errcode ?? 0) & 0xff;
  return primary === CORRUPT || primary === NOT_A_DATABASE ? damaged(path, message!, error) : error;
};

export const readFact = (db: DatabaseSync, name: FactName): string | undefined => {
  const row = db.prepare('SELECT value FROM facts WHERE name = ?').get(name);
  return row && String(row['value']);
};

export const writeFact = (db: DatabaseSync, name: FactName, value: string): void =>
  void db.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)').run(name, value);

/** Of the newest write, whether or not its object is still there. */
export const newestRevision = (db: DatabaseSync): number => {
  const row = db.prepare('SELECT max(revision) AS newest FROM objects').get();
  return Math.max(Number(row?.['newest'] ?? 0), Number(readFact(db, 'revision') ?? 0));
};
