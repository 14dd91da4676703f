// Writes the wire format of protobuf from its end to its beginning: a message's length is known once the message is written, so
// nothing is measured first and nothing is moved. https://protobuf.dev/programming-guides/encoding/

const FIRST_BYTES = 1 << 10;

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;

export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  /** What is written begins here. */
  #at = FIRST_BYTES;

  /** How much has been written. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** A copy of what has been written, in its order. */
  written(): Uint8Array {
    return Buffer.from(this.#buffer.subarray(this.#at));
  }

  /** The field's number, in front of a value that has been written. */
  tag(field: number, type: number): void {
    this.varint((field << 3) | type);
  }

  /** 0 to 2^53 - 1, or a negative number that is safe: ten bytes, as of 64 bits. */
  varint(value: number): void {
    if (value < 0) return this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
    let bytes = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
    this.#reserve(bytes);
    this.#at -= bytes;
    let rest = value;
    for (let index = 0; index < bytes - 1; index++) {
      this.#buffer[this.#at + index] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at + bytes - 1] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  /** With its length in front of it. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.#reserve(bytes);
    this.#at -= bytes;
    this.#buffer.write(value, this.#at, bytes, 'utf8');
    this.varint(bytes);
  }

  /** With their length in front of them. */
  bytes(value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
  }

  uint32BigEndian(value: number): void {
    this.#reserve(4);
    this.#at -= 4;
    this.#buffer.writeUInt32BE(value, this.#at);
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const written = this.length;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, written + bytes));
    this.#buffer.copy(larger, larger.length - written, this.#at);
    this.#at = larger.length - written;
    this.#buffer = larger;
  }
}
