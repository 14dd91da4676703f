// Messages on a TCP connection: each with its length in two bytes before it (RFC 1035 4.2.2).

export const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
};

/** Calls back for each whole message; keeps at most one that is not whole. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      this.#onMessage(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
  }
}
