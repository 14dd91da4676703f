// Bytes to frames, however they are cut. A data frame may have 16 MiB: its parts are given as they come.
import { FLAG_FIN, TYPES, VERSION } from './frame.ts';
import type { Frame, Setting } from './frame.ts';
import { HeaderDecoder } from './header-block.ts';
import { SpdyError } from './spdy-error.ts';

const HEAD_BYTES = 8;
/** Of a control frame; the specification asks for 8 KiB at least. */
const CONTROL_BYTES_MAX = 64 << 10;
const ID_MASK = 0x7fff_ffff;

type Data = { readonly streamId: number; readonly isLast: boolean; readonly left: number };

/** One direction of a connection. */
export class FrameDecoder {
  readonly #headers = new HeaderDecoder();
  #rest: Buffer = Buffer.alloc(0);
  #data: Data | undefined;

  /** The frames that are complete with this chunk. Throws SpdyError; then the connection is lost. */
  push(chunk: Uint8Array): Frame[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) if (frame !== 'unknown') frames.push(frame);
    return frames;
  }

  #next(): Frame | 'unknown' | undefined {
    if (this.#data) return this.#part(this.#data);
    if (this.#rest.length < HEAD_BYTES) return undefined;
    const [first, second] = [this.#rest.readUInt32BE(0), this.#rest.readUInt32BE(4)];
    const [flags, length] = [second >>> 24, second & 0xff_ffff];
    if (first <= ID_MASK) {
      this.#take(HEAD_BYTES);
      return this.#part({ streamId: first, isLast: (flags & FLAG_FIN) !== 0, left: length });
    }
    if (length > CONTROL_BYTES_MAX) throw new SpdyError(`a control frame of ${length} bytes`);
    if (((first >>> 16) & 0x7fff) !== VERSION) throw new SpdyError('a frame of another version than SPDY/3');
    if (this.#rest.length < HEAD_BYTES + length) return undefined;
    this.#take(HEAD_BYTES);
    return decodeControl(first & 0xffff, flags, this.#take(length), this.#headers);
  }

  /** As much of a data frame as has come. */
  #part({ streamId, isLast, left }: Data): Frame | undefined {
    const data = this.#take(Math.min(left, this.#rest.length));
    const remaining = left - data.length;
    this.#data = remaining > 0 ? { streamId, isLast, left: remaining } : undefined;
    if (data.length === 0 && remaining > 0) return undefined;
    return { kind: 'data', streamId, isLast: isLast && remaining === 0, data };
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

const decodeControl = (
  type: number,
  flags: number,
  payload: Buffer,
  headers: HeaderDecoder,
): Frame | 'unknown' => {
  const isLast = (flags & FLAG_FIN) !== 0;
  const need = (length: number): void => {
    if (payload.length < length) throw new SpdyError(`a frame of type ${type} ends early`);
  };
  const number = (index: number): number => {
    need(4 * index + 4);
    return payload.readUInt32BE(4 * index);
  };
  const streamId = (): number => number(0) & ID_MASK;
  switch (type) {
    case TYPES['syn-stream']:
      need(10);
      return {
        kind: 'syn-stream',
        streamId: streamId(),
        isLast,
        priority: payload[8]! >> 5,
        headers: headers.decode(payload.subarray(10)),
      };
    case TYPES['syn-reply']:
    case TYPES.headers: {
      need(4);
      const kind = type === TYPES.headers ? 'headers' : 'syn-reply';
      return { kind, streamId: streamId(), isLast, headers: headers.decode(payload.subarray(4)) };
    }
    case TYPES['rst-stream']:
      return { kind: 'rst-stream', streamId: streamId(), status: number(1) };
    case TYPES.settings:
      need(4 + 8 * number(0));
      return { kind: 'settings', settings: Array.from({ length: number(0) }, (_, i) => setting(payload, i)) };
    case TYPES.ping:
      return { kind: 'ping', id: number(0) };
    case TYPES.goaway:
      return { kind: 'goaway', lastStreamId: streamId(), status: number(1) };
    case TYPES['window-update']:
      return { kind: 'window-update', streamId: streamId(), deltaBytes: number(1) & ID_MASK };
    default:
      return 'unknown'; // section 2.2.1: unknown control frames are ignored
  }
};

const setting = (payload: Buffer, index: number): Setting => {
  const head = payload.readUInt32BE(4 + 8 * index);
  return { id: head & 0xff_ffff, flags: head >>> 24, value: payload.readUInt32BE(8 + 8 * index) };
};
