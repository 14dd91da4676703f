// A tun device: a network interface whose other end is this process, packet by packet.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import koffi from 'koffi';

export type Tun = {
  /** Puts a packet, beginning with its IP header, in as if it had come from the wire. */
  readonly write: (packet: Uint8Array) => void;
  /** The next packet that went out of the interface; undefined if there is none. */
  readonly read: () => Uint8Array | undefined;
  readonly close: () => void;
};

/** linux/if_tun.h. */
const TUNSETIFF = 0x4004_54ca;
const IFF_TUN_NO_PI = 0x1001;
const NAME_BYTES = 16;
const IFREQ_BYTES = 40;

const ioctl = koffi.load('libc.so.6').func('int ioctl(int fd, unsigned long request, void *argument)');

/** In the network namespace in which the calling thread is now. */
export const openTun = (name: string): Tun => {
  const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 'latin1');
  request.writeUInt16LE(IFF_TUN_NO_PI, NAME_BYTES);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`no tun device ${name}: errno ${koffi.errno()}`);
  const buffer = Buffer.alloc(2048);
  return {
    write: (packet) => void writeSync(fd, packet),
    read: () => {
      try {
        return Uint8Array.from(buffer.subarray(0, readSync(fd, buffer)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
        throw error;
      }
    },
    close: () => closeSync(fd),
  };
};
