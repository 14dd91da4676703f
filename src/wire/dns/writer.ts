// Grows a message; remembers where names stand, to point at them.
import { labelsOf, lowerName } from './name.ts';

/** A pointer has 14 bits. */
const POINTER_MAX = 0x3fff;
const INITIAL_BYTES = 512;

export class DnsWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  /** Lower-case suffix -> offset. */
  readonly #offsetByName = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32BE(value >>> 0, this.#length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Ends in a pointer where the rest of the name stands already, in whatever case: so answers echo the question's case. */
  compressedName(name: string): void {
    let rest = lowerName(name);
    const whole = this.#offsetByName.get(rest);
    if (whole !== undefined) return this.u16(0xc000 | whole);
    for (const label of labelsOf(name)) {
      const offset = this.#offsetByName.get(rest);
      if (offset !== undefined) return this.u16(0xc000 | offset);
      if (this.#length <= POINTER_MAX) this.#offsetByName.set(rest, this.#length);
      this.#label(label);
      rest = rest.slice(afterLabel(rest));
    }
    this.u8(0);
  }

  /** For types that came after RFC 1035: their names must not be compressed (RFC 3597 4). */
  plainName(name: string): void {
    for (const label of labelsOf(name)) this.#label(label);
    this.u8(0);
  }

  setU16(at: number, value: number): void {
    this.#bytes.writeUInt16BE(value, at);
  }

  /** Takes back what was written since; names that stood there are forgotten. */
  truncate(length: number): void {
    this.#length = length;
    for (const [name, offset] of this.#offsetByName) if (offset >= length) this.#offsetByName.delete(name);
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #label(label: Uint8Array): void {
    this.u8(label.length);
    this.raw(label);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Where the name after the first label begins; escaped dots do not end a label. */
const afterLabel = (name: string): number => {
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '\\') at++;
    else if (name[at] === '.') return at + 1;
  }
  return name.length;
};
