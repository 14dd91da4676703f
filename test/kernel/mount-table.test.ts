import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bindMount, mount } from '../../src/kernel/mount.ts';
import { unmountBelow } from '../../src/kernel/mount-table.ts';

describe('unmountBelow()', () => {
  it('unmounts what is below, mounts on mounts and odd names too, and nothing beside', () => {
    const root = mkdtempSync(join(tmpdir(), 'podnet-test-'));
    const [inside, beside] = [join(root, 'a b\\c'), join(root, 'a b\\c-beside')];
    for (const folder of [join(inside, 'x'), beside]) mkdirSync(folder, { recursive: true });
    mount({ source: 'tmpfs', target: join(inside, 'x'), type: 'tmpfs' });
    mkdirSync(join(inside, 'x/y'));
    bindMount(inside, join(inside, 'x/y'));
    bindMount(beside, beside);
    unmountBelow(inside);
    unmountBelow(inside);
    const left = (): string[] =>
      readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(root));
    assert.equal(left().length, 1);
    assert.match(left()[0]!, /beside/);
    unmountBelow(root);
    assert.deepEqual(left(), []);
    rmSync(root, { recursive: true });
  });
});
