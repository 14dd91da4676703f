import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { FrameDecoder } from './decode.ts';
import { DICTIONARY } from './dictionary.ts';
import { encodeFrame } from './encode.ts';
import type { Frame } from './frame.ts';
import { HeaderDecoder, HeaderEncoder } from './header-block.ts';
import { SpdyError } from './spdy-error.ts';

/** What kubectl 1.32 sends for `exec -i`, with the v4 protocol, until it waits for replies. */
const KUBECTL =
  '80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff' +
  '800300010000001700000003000000000000c22e555c92929907000000ffff' +
  '800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff';

const ids = fc.integer({ min: 1, max: 0x7fff_ffff });
const numbers = fc.integer({ min: 0, max: 0xffff_ffff });
const names = fc.stringMatching(/^[a-z-]{1,10}$/).filter((name) => name !== '__proto__');
const headers = fc
  .dictionary(names, fc.string({ unit: 'grapheme' }), { maxKeys: 5 })
  .map((each) => ({ ...each }));
const frames: fc.Arbitrary<Frame> = fc
  .oneof(
    fc.record({
      kind: fc.constant('data' as const),
      streamId: ids,
      isLast: fc.boolean(),
      data: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    }),
    fc.record({
      kind: fc.constant('syn-stream' as const),
      streamId: ids,
      isLast: fc.boolean(),
      priority: fc.integer({ min: 0, max: 7 }),
      headers,
    }),
    fc.record({
      kind: fc.constantFrom('syn-reply' as const, 'headers' as const),
      streamId: ids,
      isLast: fc.boolean(),
      headers,
    }),
    fc.record({ kind: fc.constant('rst-stream' as const), streamId: ids, status: numbers }),
    fc.record({
      kind: fc.constant('settings' as const),
      settings: fc.array(
        fc.record(
          {
            id: fc.integer({ min: 0, max: 0xff_ffff }),
            flags: fc.integer({ min: 0, max: 255 }),
            value: numbers,
          },
          { noNullPrototype: true },
        ),
        { maxLength: 3 },
      ),
    }),
    fc.record({ kind: fc.constant('ping' as const), id: numbers }),
    fc.record({ kind: fc.constant('goaway' as const), lastStreamId: ids, status: numbers }),
    fc.record({ kind: fc.constant('window-update' as const), streamId: ids, deltaBytes: ids }),
  )
  .map((frame) => ({ ...frame }));

const encodeAll = (all: readonly Frame[]): Buffer => {
  const encoder = new HeaderEncoder();
  return Buffer.concat(all.map((frame) => encodeFrame(frame, encoder)));
};

/** The parts of one data frame as one. */
const joined = (all: readonly Frame[]): readonly Frame[] =>
  all.reduce<Frame[]>((before, frame) => {
    const last = before.at(-1);
    if (frame.kind !== 'data' || last?.kind !== 'data' || last.streamId !== frame.streamId || last.isLast)
      return [...before, frame];
    return [...before.slice(0, -1), { ...frame, data: Buffer.concat([last.data, frame.data]) }];
  }, []);

describe('SPDY frames', () => {
  it('reads what kubectl sends', () => {
    const stream = (streamId: number, streamtype: string): Frame => ({
      kind: 'syn-stream',
      streamId,
      isLast: false,
      priority: 0,
      headers: { streamtype },
    });
    assert.deepEqual(new FrameDecoder().push(Buffer.from(KUBECTL, 'hex')), [
      stream(1, 'error'),
      stream(3, 'stdin'),
      stream(5, 'stdout'),
    ]);
  });

  it('writes frames as the specification draws them', () => {
    const hex = (frame: Frame): string => encodeAll([frame]).toString('hex');
    assert.equal(
      hex({ kind: 'data', streamId: 5, isLast: true, data: Buffer.from('hi') }),
      '00000005010000026869',
    );
    assert.equal(hex({ kind: 'ping', id: 7 }), '800300060000000400000007');
    assert.equal(hex({ kind: 'rst-stream', streamId: 3, status: 5 }), '80030003000000080000000300000005');
    assert.equal(hex({ kind: 'goaway', lastStreamId: 3, status: 0 }), '80030007000000080000000300000000');
  });

  it('gives back what was encoded, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (sent, size) => {
        const bytes = encodeAll(sent);
        const decoder = new FrameDecoder();
        const received: Frame[] = [];
        for (let at = 0; at < bytes.length; at += size)
          received.push(...decoder.push(bytes.subarray(at, at + size)));
        assert.deepEqual(joined(received), joined(sent));
      }),
    );
  });

  it('refuses any other bytes with SpdyError, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (chunks) => {
        const decoder = new FrameDecoder();
        try {
          for (const chunk of chunks) {
            decoder.push(Buffer.concat([Buffer.of(0x80, 3, 0, (chunk[0] ?? 0) % 10, 0, 0, 0), chunk]));
          }
        } catch (error) {
          assert.ok(error instanceof SpdyError, String(error));
        }
      }),
    );
  });
});

describe('SPDY header blocks', () => {
  it('have the dictionary of the specification', () => {
    assert.equal(deflateSync('', { dictionary: DICTIONARY }).subarray(2, 6).toString('hex'), 'e3c6a7c2');
  });

  it('are one zlib stream', () => {
    const encoder = new HeaderEncoder();
    const blocks = ['stdin', 'stdout', 'stdin'].map((streamtype) => encoder.encode({ streamtype }));
    const options = { dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH };
    const text = inflateSync(Buffer.concat(blocks), options).toString('latin1');
    assert.equal(text.match(/streamtype/g)?.length, 3);
    assert.ok(blocks[2]!.length < 20, 'the third repeats the first');
  });

  it('that swell are refused', () => {
    const bomb = deflateSync(Buffer.alloc(10 << 20), { dictionary: DICTIONARY });
    assert.throws(() => new HeaderDecoder().decode(bomb), SpdyError);
  });
});
