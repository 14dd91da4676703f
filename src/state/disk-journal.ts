// The journal of a running cluster: what is written while one flush is on its way becomes one transaction of SQLite, and
// the next flush makes it survive a power cut.
//
//   write ─► in memory, pending ─► COMMIT of all that is pending ─► flush (fdatasync, not on this thread) ─► answers, watches outside
//
// A transaction for each write would put the same pages into the log again and again. Space for what is pending is kept
// (ballast.ts), so what has been taken is written also when the disk is full.
// SQLite's synchronous=NORMAL leaves the flush to us and flushes by itself around checkpoints: a file is whole at any
// moment, and what it may lack after a power cut are the last writes that nobody has heard of.
// https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { Log } from '../lang/log.ts';
import { type Ballast, createBallast } from './ballast.ts';
import { type Flush, GroupSync } from './group-sync.ts';
import { inTransaction } from './schema.ts';
import { ballastPath, syncFolder } from './state-folder.ts';

/** As apiserver/store/journal.ts has it. */
export type Entry = {
  readonly table: string;
  readonly key: string;
  readonly revision: number;
  readonly object: object | undefined;
};

export type DiskJournalOptions = {
  readonly db: DatabaseSync;
  readonly path: string;
  /** Of the newest write that is there. */
  readonly revision: number;
  readonly flush?: Flush | undefined;
  readonly log: Log;
};

/** The log is folded into the file after this many bytes: the thread waits then, some 10 ms on a fast disk. */
const LOG_BYTES_MAX = 16 << 20;
/** A row is written as whole pages, and the index changes too. */
const ROW_BYTES = 8 << 10;
/** What is pending, and one more write, have to fit into the ballast. */
const PENDING_BYTES_MAX = 2 << 20;

type Row = Omit<Entry, 'object'> & {
  /** Undefined: removed. */
  readonly body: string | undefined;
};

/** Owns the database from here on. */
export class DiskJournal {
  readonly #options: DiskJournalOptions;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #note: StatementSync;
  readonly #fd: number;
  readonly #sync: GroupSync;
  readonly #ballast: Ballast;
  /** By table and key: of what is written twice only the last is. */
  readonly #pending = new Map<string, Row>();
  #pendingBytes = 0;
  #listeners: (() => void)[] = [];
  #logBytes = 0;
  #failure: ApiError | undefined;

  constructor(options: DiskJournalOptions) {
    const { db, path, revision, flush, log } = options;
    this.#options = options;
    this.#put = db.prepare(
      `INSERT INTO objects (kind, key, revision, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, key) DO UPDATE SET revision = excluded.revision, body = excluded.body`,
    );
    this.#remove = db.prepare('DELETE FROM objects WHERE kind = ? AND key = ?');
    this.#note = db.prepare(`INSERT OR REPLACE INTO facts (name, value) VALUES ('revision', ?)`);
    startLog(db, dirname(path));
    this.#ballast = createBallast(ballastPath(dirname(path)));
    this.#ballast.keep();
    this.#fd = openSync(`${path}-wal`, 'r');
    this.#sync = new GroupSync({
      fd: this.#fd,
      settled: revision,
      commit: () => this.#commit(),
      flush,
      onSettled: () => this.#settle(),
      onFailure: (error) => {
        log.error({ err: error, path }, 'the state could not be written to the disk: no writes from here on');
        this.#failure = settlingFailed(path, error);
      },
    });
  }

  /** Throws ApiError, 507 when the disk is full; then nothing is written. */
  write(entries: readonly Entry[]): void {
    if (this.#failure) throw this.#failure;
    try {
      if (!this.#ballast.keep()) throw diskFull(this.#options.path);
      const rows = entries.map(rowOf);
      const bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
      if (this.#pendingBytes + bytes > PENDING_BYTES_MAX) this.#commit();
      for (const row of rows) this.#pending.set(`${row.table} ${row.key}`, row);
      this.#pendingBytes += bytes;
    } catch (error) {
      throw writeFailed(this.#options.path, error);
    }
    this.#sync.wrote(entries.at(-1)!.revision);
  }

  settled(): number {
    return this.#sync.settled;
  }

  async whenSettled(revision: number): Promise<void> {
    try {
      await this.#sync.whenSettled(revision);
    } catch {
      throw this.#failure!;
    }
  }

  onSettled(heard: () => void): void {
    this.#listeners.push(heard);
  }

  /** Flushes what there is, and leaves one file. */
  async close(): Promise<void> {
    await this.#sync.idle();
    this.#listeners = [];
    closeSync(this.#fd);
    this.#options.db.close(); // folds the log into the file
  }

  #commit(): void {
    try {
      this.#writePending();
    } catch (error) {
      if (!isFull(error) || !this.#ballast.drop()) throw error;
      this.#options.log.warn(
        { path: this.#options.path },
        'the disk is full: no writes until there is space',
      );
      this.#writePending();
    }
  }

  #writePending(): void {
    inTransaction(this.#options.db, () => this.#pending.forEach((row) => this.#write(row)));
    this.#logBytes += this.#pendingBytes;
    this.#pending.clear();
    this.#pendingBytes = 0;
  }

  #write({ table, key, revision, body }: Row): void {
    if (body !== undefined) return void this.#put.run(table, key, revision, body);
    this.#remove.run(table, key);
    this.#note.run(String(revision)); // no row says it
  }

  #settle(): void {
    for (const heard of this.#listeners) heard();
    if (this.#logBytes > LOG_BYTES_MAX) this.#checkpoint();
  }

  // Right after a flush there is nothing new in the log, so it is folded in whole and begins anew.
  #checkpoint(): void {
    this.#logBytes = 0;
    try {
      this.#options.db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch (error) {
      this.#options.log.warn({ err: error, path: this.#options.path }, 'the log stays longer than it should');
    }
  }
}

/** Makes the log, which is there once something has been read. Writes nothing: the disk may be full. */
const startLog = (db: DatabaseSync, folder: string): void => {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`);
  db.prepare('SELECT count(*) FROM facts').get();
  syncFolder(folder); // a flush of the log does not save its name
};

const rowOf = ({ object, ...row }: Entry): Row => ({ ...row, body: object && JSON.stringify(object) });

const bytesOf = ({ body }: Row): number => ROW_BYTES + (body?.length ?? 0);

// https://www.sqlite.org/rescode.html
const FULL = 13;
const IOERR_SHMSIZE = 4874; // the log's index could not grow

const isFull = (error: unknown): boolean => {
  const { errcode } = error as { readonly errcode?: number };
  return errcode === FULL || errcode === IOERR_SHMSIZE;
};

const diskFull = (path: string): ApiError =>
  new ApiError(
    failure(
      507,
      'InsufficientStorage',
      `nothing was written: the disk of ${path} is full. Free space on it and try again; reading goes on`,
    ),
  );

const writeFailed = (path: string, error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  const status = failure(500, 'InternalError', `nothing was written: ${path}: ${(error as Error).message}`);
  return new ApiError(status, { cause: error });
};

const settlingFailed = (path: string, cause: unknown): ApiError =>
  new ApiError(
    failure(
      500,
      'InternalError',
      `${path} could not be flushed to the disk (${(cause as Error).message}): the last writes may be lost. ` +
        'No more are taken until the cluster is started again; reading goes on',
    ),
    { cause },
  );
