import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { formatAddress } from '../ip/address.ts';
import { parsePrefix } from '../ip/prefix.ts';
import { AddressStore, AddressesExhaustedError } from './address-store.ts';

describe('AddressStore', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (...cidrs: readonly string[]): AddressStore =>
    new AddressStore(
      folder,
      (cidrs.length > 0 ? cidrs : ['10.244.0.0/29', 'fd00::/64']).map((cidr) => parsePrefix(cidr)!),
    );
  const allocate = (store: AddressStore, id: string): string[] => store.allocate(id).map(formatAddress);

  it('gives one address of each range, the same again for the same sandbox', () => {
    const store = open();
    assert.deepEqual(allocate(store, 'a'), ['10.244.0.2', 'fd00::2']);
    assert.deepEqual(allocate(store, 'a'), ['10.244.0.2', 'fd00::2']);
    assert.deepEqual(allocate(store, 'b'), ['10.244.0.3', 'fd00::3']);
  });

  it('another process finds all again, and goes on where the first one was', () => {
    const first = open();
    allocate(first, 'a');
    allocate(first, 'b');
    first.release('b');
    const second = open();
    assert.deepEqual(second.sandboxIds(), ['a']);
    assert.deepEqual(allocate(second, 'a'), ['10.244.0.2', 'fd00::2']);
    assert.deepEqual(allocate(second, 'c'), ['10.244.0.4', 'fd00::4'], 'not the address that b just had');
  });

  it('never gives what another process took meanwhile', () => {
    const [one, other] = [open(), open()];
    assert.deepEqual(allocate(one, 'a'), ['10.244.0.2', 'fd00::2']);
    assert.deepEqual(allocate(other, 'b'), ['10.244.0.3', 'fd00::3']);
  });

  it('a full range is an error that names it, leaves nothing behind, and ends with a release', () => {
    const store = open('fd00::/64', '10.244.0.0/30');
    allocate(store, 'a');
    const before = readdirSync(folder);
    assert.throws(() => store.allocate('b'), new AddressesExhaustedError(parsePrefix('10.244.0.0/30')!));
    assert.throws(() => store.allocate('b'), { message: 'no addresses left in 10.244.0.0/30' });
    assert.deepEqual(readdirSync(folder), before);
    store.release('a');
    assert.deepEqual(allocate(store, 'b').at(-1), '10.244.0.2');
  });

  it('completes what a process that died had half done', () => {
    symlinkSync('a', join(folder, '10.244.0.5'));
    assert.deepEqual(allocate(open(), 'a'), ['10.244.0.5', 'fd00::2']);
  });
});
