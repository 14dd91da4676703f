// The tables of a state file. A file says by its application_id that it is one, and by its user_version which.
import type { DatabaseSync } from 'node:sqlite';

export const APPLICATION_ID = 0x706f_646e; // "podn"

/** The n-th makes version n of n - 1. What is here has been in use: a change is one more at the end. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE objects (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL, -- group/resource
     key TEXT NOT NULL, -- namespace/name, or name
     revision INTEGER NOT NULL,
     body TEXT NOT NULL, -- JSON, its resourceVersion is the revision
     UNIQUE (kind, key)
   ) STRICT;`,
];

export const versionOf = (db: DatabaseSync): number => integerPragma(db, 'user_version');

export const integerPragma = (db: DatabaseSync, name: 'user_version' | 'application_id'): number =>
  Number(db.prepare(`PRAGMA ${name}`).get()![name]);

/** Brings the file to the newest version, whole or not at all. */
export const migrate = (db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void => {
  const missing = migrations.slice(versionOf(db));
  if (missing.length === 0) return;
  inTransaction(db, () => {
    for (const migration of missing) db.exec(migration);
    db.exec(`PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${APPLICATION_ID}`);
  });
};

/** All that `work` does, or nothing of it. */
export const inTransaction = (db: DatabaseSync, work: () => void): void => {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK'); // SQLite may have done so itself, as for a full disk
    throw error;
  }
};
