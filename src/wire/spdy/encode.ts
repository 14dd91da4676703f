// Frames to bytes.
//
//   control   1 | version 15 | type 16      data   0 | stream id 31
//             flags 8 | length 24                  flags 8 | length 24
//             payload                              payload
import { FLAG_FIN, TYPES, VERSION } from './frame.ts';
import type { Frame } from './frame.ts';
import type { HeaderEncoder } from './header-block.ts';

const PAYLOAD_BYTES_MAX = 0xff_ffff;
const CONTROL = 0x8000;

/** The frames of one direction in their order: headers are compressed over all of them. */
export const encodeFrame = (frame: Frame, headers: HeaderEncoder): Buffer => {
  if (frame.kind === 'data') return encodeData(frame);
  const payload = payloadOf(frame, headers);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(CONTROL | VERSION, 0);
  head.writeUInt16BE(TYPES[frame.kind], 2);
  head.writeUInt32BE((flagsOf(frame) << 24) | payload.length, 4);
  return Buffer.concat([head, payload]);
};

const encodeData = ({ streamId, isLast, data }: Extract<Frame, { kind: 'data' }>): Buffer => {
  if (data.length > PAYLOAD_BYTES_MAX) throw new RangeError(`a data frame of ${data.length} bytes`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(((isLast ? FLAG_FIN : 0) << 24) | data.length, 4);
  return Buffer.concat([head, data]);
};

const flagsOf = (frame: Frame): number => ('isLast' in frame && frame.isLast ? FLAG_FIN : 0);

const numbers = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
};

const payloadOf = (frame: Exclude<Frame, { kind: 'data' }>, headers: HeaderEncoder): Buffer => {
  switch (frame.kind) {
    case 'syn-stream': {
      const priority = Buffer.of(frame.priority << 5, 0);
      return Buffer.concat([numbers(frame.streamId, 0), priority, headers.encode(frame.headers)]);
    }
    case 'syn-reply':
    case 'headers':
      return Buffer.concat([numbers(frame.streamId), headers.encode(frame.headers)]);
    case 'rst-stream':
      return numbers(frame.streamId, frame.status);
    case 'settings': {
      const entries = frame.settings.flatMap(({ id, flags, value }) => [((flags << 24) | id) >>> 0, value]);
      return numbers(frame.settings.length, ...entries);
    }
    case 'ping':
      return numbers(frame.id);
    case 'goaway':
      return numbers(frame.lastStreamId, frame.status);
    case 'window-update':
      return numbers(frame.streamId, frame.deltaBytes);
  }
};
