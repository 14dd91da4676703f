// The journal of a running cluster: each write becomes a transaction of SQLite at once, which puts it into the
// write-ahead log (so it survives kill -9), and a flush shared by many writes makes it survive a power cut.
//
//   write ─► COMMIT (write(2), ~40 us) ─► in memory ─► flush (fdatasync, not on this thread) ─► answers, watches outside
//
// SQLite's synchronous=NORMAL leaves the flush to us and flushes by itself around checkpoints: a file is whole at any
// moment, and what it may lack after a power cut are the last writes that nobody has heard of.
// https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { Log } from '../lang/log.ts';
import { type Flush, GroupSync } from './group-sync.ts';
import { inTransaction } from './schema.ts';
import { syncFolder } from './state-folder.ts';

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

/** Owns the database from here on. */
export class DiskJournal {
  readonly #options: DiskJournalOptions;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #note: StatementSync;
  readonly #fd: number;
  readonly #sync: GroupSync;
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
    this.#fd = openSync(`${path}-wal`, 'r');
    this.#sync = new GroupSync({
      fd: this.#fd,
      settled: revision,
      flush,
      onSettled: () => this.#settle(),
      onFailure: (error) => {
        log.error({ err: error, path }, 'the state could not be flushed to the disk: no writes from here on');
        this.#failure = flushFailed(path, error);
      },
    });
  }

  /** Throws ApiError, 507 when the disk is full; then nothing is written. */
  write(entries: readonly Entry[]): void {
    if (this.#failure) throw this.#failure;
    try {
      const [only] = entries;
      if (entries.length === 1 && only!.object) this.#write(only!);
      else inTransaction(this.#options.db, () => entries.forEach((entry) => this.#write(entry)));
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

  #write({ table, key, revision, object }: Entry): void {
    const body = object && JSON.stringify(object);
    this.#logBytes += ROW_BYTES + (body?.length ?? 0);
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

// https://www.sqlite.org/rescode.html
const FULL = 13;
const IOERR_SHMSIZE = 4874; // the log's index could not grow

const writeFailed = (path: string, error: unknown): ApiError => {
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string };
  if (errcode === FULL || errcode === IOERR_SHMSIZE)
    return new ApiError(
      failure(
        507,
        'InsufficientStorage',
        `nothing was written: the disk of ${path} is full. Free space on it and try again; reading goes on`,
      ),
      { cause: error },
    );
  const status = failure(500, 'InternalError', `nothing was written: ${path}: ${message}`);
  return new ApiError(status, { cause: error });
};

const flushFailed = (path: string, cause: unknown): ApiError =>
  new ApiError(
    failure(
      500,
      'InternalError',
      `${path} could not be flushed to the disk (${(cause as Error).message}): the last writes may be lost. ` +
        'No more are taken until the cluster is started again; reading goes on',
    ),
    { cause },
  );
