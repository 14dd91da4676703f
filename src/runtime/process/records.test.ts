import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Records, openRecords } from './records.ts';

type State = { readonly id: string; readonly state: string };

describe('records', () => {
  let folder: string;
  let records: Records<State>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-records-'));
    records = openRecords(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const cutShort = (id: string): void => appendFileSync(join(folder, id, 'record.jsonl'), '{"id":"a","sta');

  it('load() gives the last state of each', () => {
    records.save({ id: 'a', state: 'created' });
    records.save({ id: 'b', state: 'created' });
    records.save({ id: 'a', state: 'running' });
    assert.deepEqual(
      records.load().toSorted((x, y) => x.id.localeCompare(y.id)),
      [
        { id: 'a', state: 'running' },
        { id: 'b', state: 'created' },
      ],
    );
    records.remove('a');
    assert.deepEqual(records.load(), [{ id: 'b', state: 'created' }]);
  });

  it('a write that was cut short counts for nothing, and spoils none that follows', () => {
    records.save({ id: 'a', state: 'running' });
    cutShort('a');
    assert.deepEqual(openRecords<State>(folder).load(), [{ id: 'a', state: 'running' }]);
    records.save({ id: 'a', state: 'exited' });
    assert.deepEqual(openRecords<State>(folder).load(), [{ id: 'a', state: 'exited' }]);
  });

  it('a record that was begun and never written is removed', () => {
    mkdirSync(join(folder, 'a'));
    cutShort('a');
    assert.deepEqual(records.load(), []);
    assert.equal(existsSync(join(folder, 'a')), false);
  });
});
