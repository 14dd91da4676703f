// Memory for a batch of datagrams, received and answered by one system call each.
import { MessageHeaders, receiveMany, sendMany } from './ffi/datagrams.ts';

const SLOTS = 64;
/** Longer datagrams are cut. */
const RECEIVED_BYTES_MAX = 2048;
/** The smallest largest packet of IPv6 (RFC 8200 5): replies must be shorter. */
const REPLY_SLOT_BYTES = 1280;
const NAME_SLOT_BYTES = 32;

/** Writes a reply to the first `length` bytes of `query` into `reply` and returns its length; 0: none, or not now. */
export type DatagramHandler = (query: Buffer, length: number, reply: Buffer) => number;

/** Sockets of one thread may share one: between two calls it holds nothing. */
export class DatagramBatch {
  readonly #names = Buffer.alloc(SLOTS * NAME_SLOT_BYTES);
  readonly #received = Buffer.alloc(SLOTS * RECEIVED_BYTES_MAX);
  readonly #replies = Buffer.alloc(SLOTS * REPLY_SLOT_BYTES);
  readonly #in = new MessageHeaders(SLOTS, { names: this.#names, data: this.#received });
  readonly #out = new MessageHeaders(SLOTS, { names: this.#names, data: this.#replies });
  readonly #querySlots = slotsOf(this.#received, RECEIVED_BYTES_MAX);
  readonly #replySlots = slotsOf(this.#replies, REPLY_SLOT_BYTES);
  readonly #outHeaders = slotsOf(this.#out.bytes, this.#out.bytes.length / SLOTS, true);
  readonly #afterFirst = this.#in.bytes.subarray(this.#in.bytes.length / SLOTS);
  readonly #lengths = new Uint32Array(SLOTS);
  #handled = 0;

  /** Answers `first`, which came by another way from the sender with this sockaddr, and what else has come. */
  answer(
    fd: number,
    first: { readonly bytes: Buffer; readonly sender: Buffer },
    handle: DatagramHandler,
  ): void {
    this.#put(first.sender);
    this.#lengths[0] = first.bytes.copy(this.#querySlots[0]!);
    for (let slot = 1; slot < SLOTS; slot++) this.#in.setNameBytes(slot, NAME_SLOT_BYTES);
    const count = receiveMany(fd, this.#afterFirst, SLOTS - 1);
    for (let slot = 1; slot <= count; slot++) {
      this.#lengths[slot] = this.#in.receivedBytes(slot);
      this.#out.setNameBytes(slot, this.#in.nameBytes(slot));
    }
    this.#answerAll(fd, count + 1, handle);
  }

  /** The sockaddr of the datagram that is being handled. */
  sender(): Buffer {
    const at = this.#handled * NAME_SLOT_BYTES;
    return Buffer.from(this.#names.subarray(at, at + this.#out.nameBytes(this.#handled)));
  }

  /** Sends one datagram. A receiver that is gone is no failure of ours. */
  send(fd: number, bytes: Uint8Array, to: Buffer): void {
    this.#put(to);
    this.#replySlots[0]!.set(bytes);
    this.#out.setDataBytes(0, bytes.length);
    sendMany(fd, this.#out.bytes, 1);
  }

  #put(name: Buffer): void {
    name.copy(this.#names);
    this.#out.setNameBytes(0, name.length);
  }

  /** Replies in a row go by one call. */
  #answerAll(fd: number, count: number, handle: DatagramHandler): void {
    let start = 0;
    for (let slot = 0; slot < count; slot++) {
      this.#handled = slot;
      const bytes = handle(this.#querySlots[slot]!, this.#lengths[slot]!, this.#replySlots[slot]!);
      if (bytes > 0) this.#out.setDataBytes(slot, bytes);
      else {
        this.#sendRow(fd, start, slot);
        start = slot + 1;
      }
    }
    this.#sendRow(fd, start, count);
  }

  /** One that cannot be sent is left out. */
  #sendRow(fd: number, start: number, end: number): void {
    for (let slot = start; slot < end;) {
      const sent = sendMany(fd, this.#outHeaders[slot]!, end - slot);
      slot += sent > 0 ? sent : 1;
    }
  }
}

const slotsOf = (memory: Buffer, bytes: number, toTheEnd = false): readonly Buffer[] =>
  Array.from({ length: SLOTS }, (_, slot) =>
    memory.subarray(slot * bytes, toTheEnd ? undefined : (slot + 1) * bytes),
  );
