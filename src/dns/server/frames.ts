// Messages on a TCP connection: each with its length in two bytes before it (RFC 1035 4.2.2).

export const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
};

/** Calls back for each whole message, but while it is held; keeps what came and was not yet called back for. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #isHeld = false;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#read();
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#read();
  }

  #read(): void {
    while (!this.#isHeld && this.#rest.length >= 2) {
      const end = 2 + this.#rest.readUInt16BE(0);
      if (this.#rest.length < end) return;
      const message = this.#rest.subarray(2, end);
      this.#rest = this.#rest.subarray(end);
      this.#onMessage(message);
    }
  }
}
