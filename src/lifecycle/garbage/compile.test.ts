import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileGarbage, toText } from './compile.ts';
import type { GarbageSnapshot, OwnerState } from './compile.ts';

const owners = (...states: OwnerState[]): GarbageSnapshot['owners'] =>
  states.map((state, i) => ({
    state,
    reference: { apiVersion: 'v1', kind: 'K', name: `o${i}`, uid: `o${i}` },
  }));

const blocking = { blocksOwner: true };
const loose = { blocksOwner: false };

const action = (snapshot: Partial<GarbageSnapshot>): string =>
  toText(compileGarbage({ metadata: {}, owners: [], dependents: [], ...snapshot }));

const dying = (...finalizers: string[]) => ({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers });

describe('compileGarbage() of an object that lives', () => {
  it('deletes what lost its last owner, and only that', () => {
    assert.equal(action({ owners: owners('absent') }), 'delete Background');
    assert.equal(action({ owners: owners('absent', 'absent') }), 'delete Background');
    assert.equal(action({ owners: owners('absent', 'present') }), 'disown o0');
    assert.equal(action({ owners: owners('present') }), 'keep');
    assert.equal(action({}), 'keep');
  });

  it('hands a deletion in the foreground on to the dependents', () => {
    assert.equal(action({ owners: owners('waits'), dependents: [loose] }), 'delete Foreground');
    assert.equal(action({ owners: owners('waits') }), 'delete Background');
    assert.equal(action({ owners: owners('waits', 'present'), dependents: [loose] }), 'disown o0');
  });

  it('keeps to the finalizers that are there', () => {
    assert.equal(action({ metadata: { finalizers: ['orphan'] }, owners: owners('absent') }), 'delete Orphan');
    const metadata = { finalizers: ['foregroundDeletion'] };
    assert.equal(action({ metadata, owners: owners('absent') }), 'delete Foreground');
  });
});

describe('compileGarbage() of an object in deletion', () => {
  it('waits in the foreground for the dependents that block it', () => {
    const metadata = dying('foregroundDeletion');
    assert.equal(action({ metadata, dependents: [loose, blocking] }), 'collect-dependents');
    assert.equal(action({ metadata, dependents: [loose] }), 'remove finalizer foregroundDeletion');
  });

  it('orphans first, whatever else is asked', () => {
    const metadata = dying('orphan', 'foregroundDeletion');
    assert.equal(action({ metadata, dependents: [blocking] }), 'orphan-dependents');
    assert.equal(action({ metadata }), 'remove finalizer orphan');
  });

  it('does nothing where a stranger holds it', () => {
    assert.equal(action({ metadata: dying('example.com/f'), owners: owners('absent') }), 'keep');
  });
});
