import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ChunksAnswer, Outgoing } from './exchange.ts';
import { type SendOptions, send } from './send.ts';

/** A client that reads when it is told to. */
const createClient = () => {
  const [heads, written]: [Readonly<Record<string, string>>[], Buffer[]] = [[], []];
  let readOn: (() => void) | undefined;
  let isReading = false;
  const response = Object.assign(
    new Writable({
      highWaterMark: 1000,
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk);
        if (isReading) return done();
        readOn = done;
      },
    }),
    {
      writeHead: (_code: number, head: Readonly<Record<string, string>>) => heads.push(head),
      flushHeaders: () => {},
    },
  );
  return {
    response: response as Writable & Outgoing,
    heads,
    body: () => Buffer.concat(written),
    read: () => {
      isReading = true;
      readOn?.();
    },
  };
};

const CHUNK = 'x'.repeat(64 << 10);

/** Counts how many of its chunks have been made. */
const answerOf = (count: number): { readonly answer: ChunksAnswer; readonly made: () => number } => {
  let made = 0;
  function* chunks(): Iterable<string> {
    for (; made < count; made++) yield CHUNK;
  }
  return {
    answer: { kind: 'chunks', code: 200, contentType: 'text/plain', chunks: chunks() },
    made: () => made,
  };
};

const OPTIONS: SendOptions = { isHead: false, acceptEncoding: undefined, warnings: [], isGone: () => false };

describe('send() of chunks', () => {
  it('makes them as fast as the client reads', async () => {
    const { response, body, read, heads } = createClient();
    const { answer, made } = answerOf(100);
    const sent = send(response, answer, OPTIONS);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.ok(made() < 10, `${made()} of 100 for a client that reads nothing`);
    read();
    await sent;
    assert.equal(made(), 100);
    assert.equal(body().length, 100 * CHUNK.length);
    assert.equal(heads[0]!['content-length'], undefined);
  });

  it('ends when the client goes away', async () => {
    const { response } = createClient();
    const { answer, made } = answerOf(100);
    const sent = send(response, answer, OPTIONS);
    await new Promise(setImmediate);
    response.destroy();
    await assert.rejects(async () => sent, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    assert.ok(made() < 10);
  });

  it('compresses what is long, and says how long it is of what is short', async () => {
    const [long, short] = [createClient(), createClient()];
    for (const { read } of [long, short]) read();
    const gzip = { ...OPTIONS, acceptEncoding: 'gzip' };
    await send(long.response, answerOf(3).answer, gzip);
    await send(short.response, answerOf(2).answer, gzip);
    assert.equal(long.heads[0]!['content-encoding'], 'gzip');
    assert.equal(gunzipSync(long.body()).length, 3 * CHUNK.length);
    assert.equal(short.heads[0]!['content-length'], String(2 * CHUNK.length));
  });

  it('answers HEAD with the length, whatever that is', async () => {
    const { response, read, heads } = createClient();
    read();
    await send(response, answerOf(10).answer, { ...OPTIONS, isHead: true });
    assert.equal(heads[0]!['content-length'], String(10 * CHUNK.length));
  });
});
