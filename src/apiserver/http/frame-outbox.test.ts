import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FrameReader, createFrameOutbox } from './frame-outbox.ts';

const start = () => {
  const ends: (() => void)[] = [];
  return {
    ...createFrameOutbox((send) => void ends.push(send)),
    endTurn: () => ends.splice(0).forEach((end) => end()),
  };
};
const reader = (): FrameReader & { readonly pieces: Uint8Array[] } => {
  const pieces: Uint8Array[] = [];
  return { pieces, send: (bytes) => void pieces.push(bytes) };
};
const [a, b, c] = ['a\n', 'b\n', 'c\n'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
const textOf = ({ pieces }: { readonly pieces: readonly Uint8Array[] }): readonly string[] =>
  pieces.map(String);

describe('createFrameOutbox()', () => {
  it('sends a reader the frames of a turn in one piece, and readers of the same frames the same bytes', () => {
    const { add, endTurn } = start();
    const readers = [reader(), reader(), reader()];
    for (const frame of [a, b]) for (const each of readers) add(each, frame);
    assert.deepEqual(readers.flatMap(textOf), []);
    endTurn();
    assert.deepEqual(textOf(readers[0]!), ['a\nb\n']);
    assert.ok(readers.every(({ pieces }) => pieces.length === 1 && pieces[0] === readers[0]!.pieces[0]));
    add(readers[1]!, c);
    endTurn();
    assert.deepEqual(readers.map(textOf), [['a\nb\n'], ['a\nb\n', 'c\n'], ['a\nb\n']]);
  });

  it('gives each reader its own frames where they differ, in their order', () => {
    const { add, endTurn } = start();
    const [one, two, three] = [reader(), reader(), reader()];
    for (const [to, frame] of [
      [one, a],
      [two, a],
      [two, b],
      [three, b],
      [one, c],
      [three, a],
      [one, b],
      [two, c],
    ] as const)
      add(to, frame);
    endTurn();
    assert.deepEqual([one, two, three].map(textOf), [['a\nc\nb\n'], ['a\nb\nc\n'], ['b\na\n']]);
  });

  it('does not copy a frame that is alone', () => {
    const { add, endTurn } = start();
    const one = reader();
    add(one, a);
    endTurn();
    assert.equal(one.pieces[0], a);
  });

  it('hands out what is waiting for a reader, who then gets nothing of it', () => {
    const { add, take, endTurn } = start();
    const [one, two] = [reader(), reader()];
    add(one, a);
    add(two, a);
    add(one, b);
    assert.equal(String(take(one)), 'a\nb\n');
    assert.equal(take(one), undefined);
    endTurn();
    assert.deepEqual([one, two].map(textOf), [[], ['a\n']]);
  });

  it('takes frames that come while it sends into the next turn', () => {
    const { add, endTurn } = start();
    const last = reader();
    add({ send: () => add(last, b) }, a);
    endTurn();
    assert.deepEqual(textOf(last), []);
    endTurn();
    assert.deepEqual(textOf(last), ['b\n']);
  });
});
