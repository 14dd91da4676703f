// A SPDY/3.1 connection at the server's end: the streams that a caller opens over one socket.
//
// No flow control but the socket's own: moby/spdystream, which kubectl and client-go use, sends no WINDOW_UPDATE and
// honours none. A stream that nobody reads stops the whole connection when it has buffered STREAM_BYTES_MAX.
import { Duplex } from 'node:stream';
import { FrameDecoder } from '../../../wire/spdy/decode.ts';
import { encodeFrame } from '../../../wire/spdy/encode.ts';
import { RESET } from '../../../wire/spdy/frame.ts';
import type { Frame } from '../../../wire/spdy/frame.ts';
import { HeaderEncoder } from '../../../wire/spdy/header-block.ts';
import type { Headers } from '../../../wire/spdy/header-block.ts';

const STREAM_BYTES_MAX = 1 << 20;
const STREAMS_MAX = 2000;
/** Below the 16 MiB of a frame: other streams are to have their turn. */
const DATA_BYTES_MAX = 64 << 10;
const LINGER_MS = 10_000;

type OnStream = (stream: SpdyStream) => void;

/** Owns the socket. `onStream` gets each stream that the caller opens, and accepts or resets it. */
export class SpdyConnection {
  readonly gone: Promise<void>;
  readonly #socket: Duplex;
  readonly #onStream: OnStream;
  readonly #decoder = new FrameDecoder();
  readonly #encoder = new HeaderEncoder();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #full = new Set<SpdyStream>();
  #waiting: (() => void)[] = [];
  #lastId = 0;

  constructor(socket: Duplex, onStream: OnStream) {
    this.#socket = socket;
    this.#onStream = onStream;
    this.gone = new Promise((resolve) => void socket.once('close', resolve));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#goOn());
    socket.once('end', () => this.close());
    socket.once('close', () => this.#forget());
  }

  /** Ends the connection after what has been written, and waits for the caller's end only so long. */
  close(): void {
    this.#socket.end();
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    void this.gone.then(() => clearTimeout(timer));
  }

  /** `done` is called when there is room for more. */
  send(frame: Frame, done = (): void => {}): void {
    if (!this.#socket.writable) return done();
    if (this.#socket.write(encodeFrame(frame, this.#encoder))) done();
    else this.#waiting.push(done);
  }

  /** The connection stops while there is a stream that is full. */
  setFull(stream: SpdyStream, isFull: boolean): void {
    if (isFull) this.#full.add(stream);
    else this.#full.delete(stream);
    if (this.#full.size > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  remove(stream: SpdyStream): void {
    this.#streams.delete(stream.id);
    this.setFull(stream, false);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#handle(frame);
    } catch {
      this.#socket.destroy(); // SpdyError: nothing that follows can be understood
    }
  }

  #handle(frame: Frame): void {
    switch (frame.kind) {
      case 'syn-stream':
        return this.#open(frame);
      case 'data':
        return this.#data(frame);
      case 'rst-stream':
        return void this.#streams.get(frame.streamId)?.destroy();
      case 'ping':
        return frame.id % 2 === 1 ? this.send(frame) : undefined;
      case 'headers':
        if (frame.isLast) this.#streams.get(frame.streamId)?.receive(undefined, true);
        return undefined;
      case 'syn-reply':
      case 'settings':
      case 'goaway':
      case 'window-update':
        return undefined;
    }
  }

  #open({ streamId, isLast, headers }: Extract<Frame, { kind: 'syn-stream' }>): void {
    const isNew = streamId % 2 === 1 && streamId > this.#lastId;
    if (!isNew) return this.send({ kind: 'rst-stream', streamId, status: RESET.protocolError });
    if (this.#streams.size >= STREAMS_MAX)
      return this.send({ kind: 'rst-stream', streamId, status: RESET.refusedStream });
    this.#lastId = streamId;
    const stream = new SpdyStream(this, streamId, headers);
    this.#streams.set(streamId, stream);
    this.#onStream(stream);
    if (isLast) stream.receive(undefined, true);
  }

  #data({ streamId, data, isLast }: Extract<Frame, { kind: 'data' }>): void {
    const stream = this.#streams.get(streamId);
    if (stream) stream.receive(data, isLast);
    else if (streamId > this.#lastId)
      this.send({ kind: 'rst-stream', streamId, status: RESET.invalidStream });
  }

  #goOn(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #forget(): void {
    for (const stream of this.#streams.values()) stream.destroy();
    this.#goOn();
  }
}

/** One stream: each side ends by itself. destroy() before both have ended resets it. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #connection: SpdyConnection;

  constructor(connection: SpdyConnection, id: number, headers: Headers) {
    super({ readableHighWaterMark: STREAM_BYTES_MAX, writableHighWaterMark: DATA_BYTES_MAX });
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    this.on('error', () => {}); // whoever reads or writes hears of it
  }

  accept(): void {
    this.#connection.send({ kind: 'syn-reply', streamId: this.id, isLast: false, headers: {} });
  }

  receive(data: Uint8Array | undefined, isLast: boolean): void {
    if (this.destroyed || this.readableEnded) return;
    if (data && data.length > 0 && !this.push(data)) this.#connection.setFull(this, true);
    if (isLast) this.push(null);
  }

  override _read(): void {
    this.#connection.setFull(this, false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const part = chunk.subarray(0, DATA_BYTES_MAX);
    const rest = chunk.subarray(DATA_BYTES_MAX);
    const next = rest.length > 0 ? () => this._write(rest, 'binary', done) : () => done();
    this.#connection.send({ kind: 'data', streamId: this.id, isLast: false, data: part }, next);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.send({ kind: 'data', streamId: this.id, isLast: true, data: new Uint8Array() }, () =>
      done(),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.readableEnded || !this.writableFinished)
      this.#connection.send({ kind: 'rst-stream', streamId: this.id, status: RESET.cancel });
    this.#connection.remove(this);
    done(error);
  }
}
