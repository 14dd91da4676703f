// A UDP server in the thread's network namespace that takes and answers datagrams in batches. Node says when there is
// something: it reads the first datagram, the rest comes and all answers go by recvmmsg and sendmmsg. So the thread stays
// free for other work between batches, and under load a datagram costs a few microseconds, most of them the kernel's.
import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { addressToBytes, parseAddress } from '../ip/address.ts';
import { familyNumber } from '../wire/family.ts';
import type { DatagramBatch, DatagramHandler } from './datagram-batch.ts';
import { bind, closeDescriptor, growReceiveBuffer, socket } from './ffi/libc.ts';
import { KernelError } from './kernel-error.ts';
import { socketAddress } from './socket-address.ts';

export type DatagramServerOptions = {
  readonly address: string;
  readonly port: number;
  /** How much may wait while the thread does something else. Needs CAP_NET_ADMIN above the machine's limit. */
  readonly receiveBufferBytes: number;
  readonly batch: DatagramBatch;
  readonly handle: DatagramHandler;
  readonly onError: (error: Error) => void;
};

export type DatagramServer = {
  /** To a sender that `batch.sender()` gave; not after close(). */
  readonly send: (bytes: Uint8Array, to: Buffer) => void;
  readonly close: () => void;
};

/** bits/socket.h, asm-generic/socket.h. */
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;

/** Throws KernelError: EADDRINUSE, EADDRNOTAVAIL. */
export const startDatagramServer = async (options: DatagramServerOptions): Promise<DatagramServer> => {
  const { address, batch, handle, onError } = options;
  const fd = openSocket(options);
  const server = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const senders = new Map<string, Uint8Array>();
  let isClosed = false;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.bind({ fd, exclusive: true }, resolve);
  });
  server.removeAllListeners('error').on('error', onError);
  server.on('message', (bytes, from) => {
    const sender = senderOf(from, senders);
    if (sender) batch.answer(fd, { bytes, sender }, handle);
  });
  return {
    send: (bytes, to) => void (isClosed || batch.send(fd, bytes, to)),
    close: () => {
      isClosed = true;
      server.close();
    },
  };
};

const openSocket = ({ address, port, receiveBufferBytes }: DatagramServerOptions): number => {
  const what = `listen on ${address} port ${port}`;
  const parsed = parseAddress(address);
  if (!parsed) throw new KernelError('EINVAL', `${what}: not an IP address`);
  const fd = socket(what, familyNumber(parsed.family), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    growReceiveBuffer(what, fd, receiveBufferBytes);
    bind(what, fd, socketAddress(addressToBytes(parsed), port));
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
};

const SENDERS_MAX = 1024;

/** A link-local sender (`fe80::1%eth0`) is left without an answer: who asks a routed address has one too. */
const senderOf = ({ address, port }: RemoteInfo, known: Map<string, Uint8Array>): Buffer | undefined => {
  let bytes = known.get(address);
  if (!bytes) {
    const parsed = parseAddress(address);
    if (!parsed) return undefined;
    if (known.size >= SENDERS_MAX) known.clear();
    known.set(address, (bytes = addressToBytes(parsed)));
  }
  return socketAddress(bytes, port);
};
