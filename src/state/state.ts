// A cluster's state in a folder: what it is (an opaque text) and its objects, for the next process to go on with.
import { DatabaseSync } from 'node:sqlite';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Log } from '../lang/log.ts';
import { DiskJournal } from './disk-journal.ts';
import type { Flush } from './group-sync.ts';
import { migrate } from './schema.ts';
import { StateError, damaged } from './state-error.ts';
import {
  checkStateFile,
  createStateFile,
  explained,
  newestRevision,
  readFact,
  readStateFile,
  writeFact,
} from './state-file.ts';
import { databasePath, lockState } from './state-folder.ts';

export type RestoredObjects = {
  /** Of the newest write, whether or not its object is still there. */
  readonly revision: number;
  readonly entries: readonly {
    /** `group/resource`. */
    readonly table: string;
    readonly key: string;
    readonly object: Stored<KubeObject>;
  }[];
};

export type State = {
  readonly restored: RestoredObjects;
  readonly journal: DiskJournal;
  readonly close: () => Promise<void>;
};

export type OpenOptions = {
  readonly folder: string;
  /** Of tests: how the log gets to the disk. */
  readonly flush?: Flush;
  readonly log: Log;
};

/** Throws StateError NOT_EMPTY unless the folder is new or empty, IN_USE. `cluster` may hold keys: only the owner can read it. */
export const createState = (folder: string, cluster: string): void => {
  using _ = lockState(folder);
  createStateFile(folder, (db) => {
    writeFact(db, 'cluster', cluster);
    writeFact(db, 'revision', '1');
  });
};

/** What the folder's cluster is; undefined if there is no state in it. Throws StateError. */
export const readCluster = (folder: string): string | undefined => {
  try {
    checkStateFile(databasePath(folder));
  } catch (error) {
    if (error instanceof StateError && error.code === 'NOT_THERE') return undefined;
    throw error;
  }
  return clusterIn(databasePath(folder));
};

/** For the one process that runs the cluster. Throws StateError; then nothing has changed. */
export const openState = (options: OpenOptions): State => {
  const lock = lockState(options.folder);
  const path = databasePath(options.folder);
  try {
    checkStateFile(path);
    const { restored, journal } = openFile(path, options);
    const close = async (): Promise<void> => {
      await journal.close();
      lock[Symbol.dispose]();
    };
    return { restored, journal, close };
  } catch (error) {
    lock[Symbol.dispose]();
    throw explained(path, error);
  }
};

const openFile = (path: string, { flush, log }: OpenOptions): Omit<State, 'close'> => {
  const db = new DatabaseSync(path, { timeout: BUSY_MS_MAX });
  try {
    migrate(db);
    const restored = { revision: newestRevision(db), entries: [...objectsIn(db, path)] };
    return { restored, journal: new DiskJournal({ db, path, revision: restored.revision, flush, log }) };
  } catch (error) {
    db.close();
    throw error;
  }
};

/** A backup that is being made reads for a moment. */
const BUSY_MS_MAX = 5000;

const clusterIn = (path: string): string => {
  const cluster = readStateFile(path, (db) => readFact(db, 'cluster'));
  if (cluster === undefined) throw damaged(path, 'it does not say of which cluster it is');
  return cluster;
};

function* objectsIn(db: DatabaseSync, path: string): Generator<RestoredObjects['entries'][number]> {
  for (const row of db.prepare('SELECT kind, key, body FROM objects ORDER BY kind, key').iterate()) {
    const [table, key] = [String(row['kind']), String(row['key'])];
    yield { table, key, object: parsed(path, `${table} ${key}`, String(row['body'])) };
  }
}

const parsed = (path: string, what: string, body: string): Stored<KubeObject> => {
  try {
    return JSON.parse(body) as Stored<KubeObject>;
  } catch (error) {
    throw damaged(path, `the object ${what} cannot be read`, error);
  }
};
