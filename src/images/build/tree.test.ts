import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TreeEntry, imagePath, mergeTrees, tarEntries } from './tree.ts';

const text = (content: string): TreeEntry => ({ kind: 'text', text: content });

describe('image trees', () => {
  it('imagePath() moves what a merged /usr holds', () => {
    const paths = [
      '/bin/sh',
      '/lib/x86_64-linux-gnu/libc.so.6',
      '/lib64/ld.so',
      '/usr/bin/ip',
      '/etc/passwd',
      '/libexec/x',
    ];
    assert.deepEqual(paths.map(imagePath), [
      '/usr/bin/sh',
      '/usr/lib/x86_64-linux-gnu/libc.so.6',
      '/usr/lib64/ld.so',
      '/usr/bin/ip',
      '/etc/passwd',
      '/libexec/x',
    ]);
  });

  it('tarEntries() lists folders before what is in them, whatever the order, later trees winning', () => {
    const a = new Map([
      ['/b/c/file', text('old')],
      ['/a', text('a')],
    ]);
    const b = new Map<string, TreeEntry>([
      ['/b/c', { kind: 'folder', mode: 0o700 }],
      ['/b/c/file', text('new')],
    ]);
    const entries = [...tarEntries(mergeTrees(a, b))];
    assert.deepEqual(
      entries.map(({ name, mode, content }) => [name, mode, content && Buffer.from(content).toString()]),
      [
        ['a', 0o644, 'a'],
        ['b', 0o755, undefined],
        ['b/c', 0o700, undefined],
        ['b/c/file', 0o644, 'new'],
      ],
    );
    assert.deepEqual(
      [...tarEntries(mergeTrees(b, new Map([...a].reverse())))].map(({ name }) => name),
      entries.map(({ name }) => name),
    );
  });
});
