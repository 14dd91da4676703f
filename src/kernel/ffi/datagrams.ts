// recvmmsg(2) and sendmmsg(2): many datagrams by one system call.
//
//   struct mmsghdr, 64 bytes, on 64-bit Linux             struct iovec, 16 bytes
//    0 name*   8 name bytes  16 iovec*  24 iovecs = 1      0 base*   8 length
//   32 control*  40 control bytes  48 flags  56 datagram's length
import koffi from 'koffi';

const lib = koffi.load(null);

const c = {
  recvmmsg: lib.func('int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)'),
  sendmmsg: lib.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)'),
};

/** sys/socket.h. */
const MSG_DONTWAIT = 0x40;

const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_BYTES_AT = 8;
const IOVEC_AT = 16;
const IOVECS_AT = 24;
const LENGTH_AT = 56;

/** Receives without waiting: how many datagrams there were, 0 also where there is an error. */
export const receiveMany = (fd: number, headers: Uint8Array, count: number): number =>
  Math.max(0, c.recvmmsg(fd, headers, count, MSG_DONTWAIT, null) as number);

/** Sends without waiting: how many datagrams went; fewer than `count` when the next one failed. */
export const sendMany = (fd: number, headers: Uint8Array, count: number): number =>
  Math.max(0, c.sendmmsg(fd, headers, count, MSG_DONTWAIT) as number);

/**
 * Headers for as many datagrams as `slots`. The kernel reads and writes memory by these addresses: `names` and `data` must
 * live as long as the headers do, and each be 64 bytes or more, so that V8 does not move them.
 */
export class MessageHeaders {
  readonly bytes: Buffer;
  readonly #iovecs: Buffer;
  readonly #memory: readonly Buffer[];

  constructor(slots: number, { names, data }: { readonly names: Buffer; readonly data: Buffer }) {
    this.bytes = Buffer.alloc(slots * HEADER_BYTES);
    this.#iovecs = Buffer.alloc(slots * IOVEC_BYTES);
    this.#memory = [names, data];
    const [nameBytes, dataBytes] = [names.length / slots, data.length / slots];
    for (let slot = 0; slot < slots; slot++) {
      this.#point(slot, koffi.address(names) + BigInt(slot * nameBytes), nameBytes);
      const iovec = slot * IOVEC_BYTES;
      this.#iovecs.writeBigUInt64LE(koffi.address(this.#memory[1]!) + BigInt(slot * dataBytes), iovec);
      this.#iovecs.writeUInt32LE(dataBytes, iovec + 8);
    }
  }

  #point(slot: number, name: bigint, nameBytes: number): void {
    const at = slot * HEADER_BYTES;
    this.bytes.writeBigUInt64LE(name, at);
    this.bytes.writeUInt32LE(nameBytes, at + NAME_BYTES_AT);
    this.bytes.writeBigUInt64LE(koffi.address(this.#iovecs) + BigInt(slot * IOVEC_BYTES), at + IOVEC_AT);
    this.bytes.writeUInt32LE(1, at + IOVECS_AT);
  }

  /** How long the datagram received in a slot is. */
  receivedBytes(slot: number): number {
    return this.bytes.readUInt32LE(slot * HEADER_BYTES + LENGTH_AT);
  }

  nameBytes(slot: number): number {
    return this.bytes.readUInt32LE(slot * HEADER_BYTES + NAME_BYTES_AT);
  }

  setNameBytes(slot: number, bytes: number): void {
    this.bytes.writeUInt32LE(bytes, slot * HEADER_BYTES + NAME_BYTES_AT);
  }

  /** How much of a slot's data is sent. */
  setDataBytes(slot: number, bytes: number): void {
    this.#iovecs.writeUInt32LE(bytes, slot * IOVEC_BYTES + 8);
  }
}
