// Name/value header blocks: a count, then each name and value with its length before it, all numbers of 32 bits.
//
// All blocks of one direction are one zlib stream that is flushed to a byte border after each. There the state of the
// stream is nothing but its last 32 KiB of plain text, its window; so each block is coded by itself, with the window as
// its dictionary, and nothing waits for anything.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';
import { SpdyError } from './spdy-error.ts';

/** Lower-case names; several values of one name are joined by NUL. */
export type Headers = Readonly<Record<string, string>>;

const WINDOW_BYTES = 32 << 10;
/** Of one block, in plain text. */
const BLOCK_BYTES_MAX = 64 << 10;
/** RFC 1950: deflate with a window of 32 KiB, a preset dictionary, and its Adler-32. */
const ZLIB_HEADER = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
const HAS_DICTIONARY = 0x20;

const { Z_SYNC_FLUSH } = constants;

const slide = (window: Buffer, text: Buffer): Buffer => Buffer.concat([window, text]).subarray(-WINDOW_BYTES);

/** One direction of a connection, at the sender's end. */
export class HeaderEncoder {
  #window = DICTIONARY;
  #isFirst = true;

  encode(headers: Headers): Buffer {
    const text = encodePairs(headers);
    const deflated = deflateRawSync(text, { dictionary: this.#window, finishFlush: Z_SYNC_FLUSH });
    const block = this.#isFirst ? Buffer.concat([ZLIB_HEADER, deflated]) : deflated;
    this.#window = slide(this.#window, text);
    this.#isFirst = false;
    return block;
  }
}

/** One direction of a connection, at the receiver's end. Throws SpdyError; then the connection is lost. */
export class HeaderDecoder {
  #window = DICTIONARY;
  #isFirst = true;

  decode(block: Uint8Array): Headers {
    const text = inflate(this.#isFirst ? withoutZlibHeader(block) : block, this.#window);
    this.#window = slide(this.#window, text);
    this.#isFirst = false;
    return decodePairs(text);
  }
}

const withoutZlibHeader = (block: Uint8Array): Uint8Array => {
  const hasDictionary = ((block[1] ?? 0) & HAS_DICTIONARY) !== 0;
  const length = hasDictionary ? ZLIB_HEADER.length : 2;
  if (block.length < length || (block[0]! & 0x0f) !== 8 || ((block[0]! << 8) | block[1]!) % 31 !== 0)
    throw new SpdyError('the first header block does not begin as zlib does');
  return block.subarray(length);
};

const inflate = (block: Uint8Array, dictionary: Buffer): Buffer => {
  try {
    return inflateRawSync(block, { dictionary, finishFlush: Z_SYNC_FLUSH, maxOutputLength: BLOCK_BYTES_MAX });
  } catch (error) {
    throw new SpdyError('a header block does not inflate', { cause: error });
  }
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const encodePairs = (headers: Headers): Buffer => {
  const pairs = Object.entries(headers);
  const texts = pairs.flat().map((text) => Buffer.from(text));
  return Buffer.concat([uint32(pairs.length), ...texts.flatMap((text) => [uint32(text.length), text])]);
};

const decodePairs = (text: Buffer): Headers => {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > text.length - at) throw new SpdyError('a header block ends early');
    return text.subarray(at, (at += length));
  };
  const number = (): number => take(4).readUInt32BE();
  const word = (): string => take(number()).toString();
  const pairs: [string, string][] = [];
  for (let left = number(); left > 0; left--) pairs.push([word().toLowerCase(), word()]);
  return Object.fromEntries(pairs);
};
