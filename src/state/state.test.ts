import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../lang/log.ts';
import { backUp, restore } from './backup.ts';
import type { Entry } from './disk-journal.ts';
import { migrate, versionOf } from './schema.ts';
import { type State, createState, openState, readCluster } from './state.ts';
import { removeState } from './state-folder.ts';

let root: string;
let folder: string;
let open: State[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'podnet-state-'));
  folder = join(root, 'state');
  open = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((state) => state.close()));
  rmSync(root, { recursive: true });
});

const start = (options: { readonly folder?: string; readonly flush?: () => Promise<void> } = {}): State => {
  const state = openState({ folder, log: silentLog, ...options });
  open.push(state);
  return state;
};
const stop = async (state: State): Promise<void> => {
  open.splice(open.indexOf(state), 1);
  await state.close();
};
const put = (name: string, revision: number, text = ''): Entry => ({
  table: '/configmaps',
  key: `default/${name}`,
  revision,
  object: { metadata: { name, resourceVersion: String(revision) }, data: { text } },
});
const gone = (name: string, revision: number): Entry => ({ ...put(name, revision), object: undefined });
const keys = ({ restored }: State): readonly string[] => restored.entries.map(({ key }) => key);
const database = (): string => join(folder, 'state.db');

describe('state', () => {
  it('gives back what was written, in the order of keys, and the newest revision, also of a removal', async () => {
    createState(folder, 'my cluster');
    const first = start();
    assert.deepEqual(first.restored, { revision: 1, entries: [] });
    first.journal.write([put('b', 2)]);
    first.journal.write([put('a', 3)]);
    first.journal.write([put('b', 4, 'new')]);
    first.journal.write([gone('a', 5)]);
    await first.journal.whenSettled(5);
    await stop(first);
    assert.equal(readCluster(folder), 'my cluster');
    const second = start();
    assert.equal(second.restored.revision, 5);
    assert.deepEqual(second.restored.entries, [
      { table: '/configmaps', key: 'default/b', object: put('b', 4, 'new').object },
    ]);
  });

  it('writes all entries of a step or none', async () => {
    createState(folder, '');
    const state = start();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle; // JSON cannot hold it
    assert.throws(() => state.journal.write([put('a', 2), { ...put('b', 3), object: cycle }]), {
      message: /nothing was written/,
    });
    state.journal.write([put('c', 2)]);
    await state.journal.whenSettled(2);
    const copy = join(root, 'copy');
    cpState(folder, copy);
    assert.deepEqual(keys(start({ folder: copy })), ['default/c']);
  });

  it('flushes once for all writes that came while a flush was on its way', async () => {
    createState(folder, '');
    let flushes = 0;
    const ends: (() => void)[] = [];
    const flush = (): Promise<void> => {
      flushes++;
      return new Promise((resolve) => ends.push(resolve));
    };
    const { journal } = start({ flush });
    const settled: number[] = [];
    journal.onSettled(() => settled.push(journal.settled()));
    journal.write([put('a', 2)]);
    const first = journal.whenSettled(2);
    while (ends.length === 0) await new Promise(setImmediate);
    for (let revision = 3; revision < 100; revision++) journal.write([put('a', revision)]);
    const last = journal.whenSettled(99);
    assert.equal(journal.settled(), 1);
    ends.shift()!();
    await first;
    assert.equal(journal.settled(), 2);
    while (ends.length === 0) await new Promise(setImmediate);
    ends.shift()!();
    await last;
    assert.equal(flushes, 2);
    assert.deepEqual(settled, [2, 99]);
  });

  it('puts what was written together into one transaction: of one object the last write, also a removal', async () => {
    createState(folder, '');
    const state = start();
    state.journal.write([put('a', 2)]);
    state.journal.write([put('b', 3), put('a', 4, 'new')]);
    state.journal.write([gone('b', 5)]);
    await state.journal.whenSettled(5);
    await stop(state);
    const { restored } = start();
    assert.deepEqual(restored, {
      revision: 5,
      entries: [{ table: '/configmaps', key: 'default/a', object: put('a', 4, 'new').object }],
    });
  });

  it('writes more than fits into one transaction', async () => {
    createState(folder, '');
    const state = start();
    const text = 'x'.repeat(300_000);
    for (let revision = 2; revision < 30; revision++)
      state.journal.write([put(`p-${revision}`, revision, text)]);
    await state.journal.whenSettled(29);
    await stop(state);
    assert.deepEqual(keys(start()).length, 28);
  });

  it('takes no more writes when a flush has failed, and says so to all who wait', async () => {
    createState(folder, '');
    const { journal } = start({ flush: () => Promise.reject(new Error('EIO: i/o error')) });
    journal.write([put('a', 2)]);
    const expected = { code: 500, message: /could not be flushed.*EIO.*reading goes on/ };
    await assert.rejects(journal.whenSettled(2), expected);
    assert.throws(() => journal.write([put('b', 3)]), expected);
    assert.equal(journal.settled(), 1);
  });

  it('is one process at a time', () => {
    createState(folder, '');
    start();
    assert.throws(() => start(), { code: 'IN_USE', message: /in use by another cluster that runs/ });
  });

  it('is readable by its owner only', () => {
    createState(folder, '');
    start().journal.write([put('a', 2)]);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  });

  it('keeps its log short', async () => {
    createState(folder, '');
    const { journal } = start();
    const text = 'x'.repeat(100_000);
    for (let revision = 2; revision < 1000; revision++) {
      journal.write([put(`p-${revision % 10}`, revision, text)]);
      await journal.whenSettled(revision);
    }
    const bytes = statSync(`${database()}-wal`).size;
    assert.ok(bytes < 40 << 20, `${bytes} bytes for 100 MB of writes`);
  });
});

describe('a state folder', () => {
  it('is made only where nothing else is', () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'letters.txt'), '');
    assert.throws(() => createState(folder, ''), { code: 'NOT_EMPTY', message: /has letters\.txt/ });
    rmSync(join(folder, 'letters.txt'));
    writeFileSync(join(folder, 'state.db.new'), 'a creation that was killed');
    createState(folder, 'a');
    assert.throws(() => createState(folder, 'b'), { code: 'NOT_EMPTY', message: /holds a state already/ });
    assert.equal(readCluster(folder), 'a');
  });

  it('loses the state and nothing else when it is removed', () => {
    createState(folder, '');
    writeFileSync(join(folder, 'letters.txt'), 'kept');
    removeState(folder);
    assert.deepEqual(readdirSync(folder), ['letters.txt']);
    rmSync(join(folder, 'letters.txt'));
    createState(folder, '');
    removeState(folder);
    assert.throws(() => readdirSync(folder), { code: 'ENOENT' });
    assert.equal(readCluster(folder), undefined);
  });
});

describe('a state file', () => {
  const spoil = {
    'is empty': () => truncateSync(database(), 0),
    'is cut': () => truncateSync(database(), 4096),
    'is something else': () => writeFileSync(database(), 'x'.repeat(10_000)),
    'has a page of noise': () => {
      const bytes = readFileSync(database());
      bytes.fill(0xa5, 4096, 8192);
      writeFileSync(database(), bytes);
    },
    'holds an object that is no JSON': () => inDatabase((db) => db.exec(`UPDATE objects SET body = '{'`)),
    'does not say of which cluster it is': () => inDatabase((db) => db.exec('DELETE FROM facts')),
  };
  for (const [title, damage] of Object.entries(spoil))
    it(`that ${title} is refused with its name and the remedy, and stays as it is`, async () => {
      createState(folder, '');
      const state = start();
      for (let revision = 2; revision < 40; revision++) state.journal.write([put(`p-${revision}`, revision)]);
      await stop(state);
      damage();
      const before = readFileSync(database());
      const expected = { code: 'DAMAGED', message: /state\.db is damaged: .*podnet restore FILE/ };
      assert.throws(() => {
        readCluster(folder);
        start();
      }, expected);
      assert.ok(readFileSync(database()).equals(before));
    });

  it('of somebody else is refused', () => {
    mkdirSync(folder);
    inDatabase((db) => db.exec('CREATE TABLE t (a)'));
    assert.throws(() => start(), { code: 'FOREIGN', message: /not the state of a podnet cluster/ });
  });

  it('of a newer podnet is refused, and stays as it is', () => {
    createState(folder, '');
    inDatabase((db) => db.exec('PRAGMA user_version = 99'));
    const before = readFileSync(database());
    assert.throws(() => start(), { code: 'NEWER', message: /its version is 99, this podnet knows 1/ });
    assert.ok(readFileSync(database()).equals(before));
  });

  it('of an older podnet is brought up to date, whole or not at all', () => {
    createState(folder, '');
    inDatabase((db) => {
      const [first] = migrationsIn(db);
      const next = 'ALTER TABLE objects ADD COLUMN extra TEXT';
      assert.throws(() => migrate(db, [first, next, 'CREATE nonsense']));
      assert.equal(versionOf(db), 1);
      migrate(db, [first, next]);
      assert.equal(versionOf(db), 2);
      db.prepare('SELECT extra FROM objects').all();
    });
  });

  const migrationsIn = (db: DatabaseSync): readonly [string] => [
    String(db.prepare(`SELECT group_concat(sql, ';') AS sql FROM sqlite_schema`).get()!['sql']),
  ];
});

describe('a power cut', () => {
  it('at any flush leaves a state that opens and holds all that was settled', async () => {
    createState(folder, '');
    const copies: { readonly folder: string; readonly settled: number }[] = [];
    const flush = async (): Promise<void> => {
      // what the disk holds now, at the least; what is written later may be there in part
      if (copies.length >= 30) return;
      const copy = join(root, `copy-${copies.length}`);
      cpState(folder, copy);
      copies.push({ folder: copy, settled: written });
    };
    let written = 1;
    const state = start({ flush });
    const text = 'x'.repeat(3000);
    while (copies.length < 30) {
      const steps = 1 + (written % 7);
      for (let step = 0; step < steps; step++) {
        written++;
        state.journal.write(
          written % 5 === 0
            ? [gone(`p-${(written * 7) % 50}`, written)]
            : [put(`p-${(written * 3) % 50}`, written, text)],
        );
      }
      await state.journal.whenSettled(written);
    }
    for (const copy of copies) {
      const whole = await revisionIn(copy.folder);
      assert.ok(whole >= copy.settled, `${whole} >= ${copy.settled}`);
    }
  });

  it('in the midst of a write to the log leaves the writes before it', async () => {
    createState(folder, '');
    const state = start();
    const text = 'x'.repeat(3000);
    for (let revision = 2; revision < 100; revision++) {
      state.journal.write([put(`p-${revision}`, revision, text)]);
      if (revision % 3 === 0) await state.journal.whenSettled(revision);
    }
    await state.journal.whenSettled(99);
    const bytes = statSync(`${database()}-wal`).size;
    const revisions = new Set<number>();
    for (let cut = bytes; cut >= 0; cut -= 24_023) {
      const copy = join(root, `cut-${cut}`);
      cpState(folder, copy);
      truncateSync(join(copy, 'state.db-wal'), cut);
      const opened = start({ folder: copy });
      const { revision, entries } = opened.restored;
      assert.equal(entries.length, Math.max(0, revision - 1), 'every write up to the last, and no other');
      revisions.add(revision);
      await stop(opened);
    }
    assert.ok(revisions.size > 10 && revisions.has(99), 'cut at many places, also at none');
  });

  const revisionIn = async (copy: string): Promise<number> => {
    const opened = start({ folder: copy });
    await stop(opened);
    return opened.restored.revision;
  };
});

describe('backup and restore', () => {
  it('give back the state of one moment, also while it is written', async () => {
    createState(folder, 'c');
    const state = start();
    state.journal.write([put('a', 2), put('b', 3)]);
    await state.journal.whenSettled(3);
    state.journal.write([put('a', 4, 'later')]);
    const file = join(root, 'backup');
    const summary = backUp(folder, file);
    await state.journal.whenSettled(4);
    assert.deepEqual({ ...summary, bytes: 0 }, { cluster: 'c', objects: 2, revision: 3, bytes: 0 });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const other = join(root, 'other');
    const restored = restore(file, other);
    assert.equal(restored.revision, 1_000_000_003, 'no revision is used twice');
    const opened = start({ folder: other });
    assert.equal(opened.restored.revision, restored.revision);
    assert.deepEqual(opened.restored.entries[0]!.object, put('a', 2).object);
    assert.equal(readCluster(other), 'c');
  });

  it('overwrite nothing, and take nothing that is not whole', async () => {
    createState(folder, 'c');
    await stop(start());
    const file = join(root, 'backup');
    backUp(folder, file);
    assert.throws(() => backUp(folder, file), { code: 'NOT_EMPTY', message: /is there already/ });
    assert.throws(() => restore(file, folder), { code: 'NOT_EMPTY', message: /holds a state already/ });
    assert.throws(() => backUp(join(root, 'nowhere'), join(root, 'x')), { code: 'NOT_THERE' });
    assert.throws(() => restore(join(root, 'x'), join(root, 'y')), { code: 'NOT_THERE' });
    truncateSync(file, 5000);
    assert.throws(() => restore(file, join(root, 'y')), { code: 'DAMAGED' });
    assert.equal(readCluster(join(root, 'y')), undefined);
  });
});

const inDatabase = (work: (db: DatabaseSync) => void): void => {
  const db = new DatabaseSync(database());
  try {
    work(db);
  } finally {
    db.close();
  }
};

/** As they are at one moment: nothing is written meanwhile. */
const cpState = (from: string, to: string): void => {
  mkdirSync(to, { mode: 0o700 });
  for (const name of ['state.db', 'state.db-wal']) copyFileSync(join(from, name), join(to, name));
};
