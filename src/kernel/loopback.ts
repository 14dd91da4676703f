// A TCP connection to the own loopback, made at once: within withNetns() the socket belongs to the other namespace, while
// node:net would open it later, when the thread is back at home.
import { Socket } from 'node:net';
import { AF_INET, AF_INET6 } from '../wire/family.ts';
import { closeDescriptor, connect, setSendTimeout, socket } from './ffi/libc.ts';
import { isKernelError } from './kernel-error.ts';
import { socketAddress } from './socket-address.ts';

/** bits/socket.h. */
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

/** Only a listener whose queue is full lets the kernel wait. */
const MAX_WAIT_MS = 200;

const LOOPBACK_V4 = Buffer.from([127, 0, 0, 1]);
const LOOPBACK_V6 = Buffer.from([...Array<number>(15).fill(0), 1]);

/**
 * Connects to 127.0.0.1, or ::1 if nothing listens there; throws KernelError ECONNREFUSED. The kernel answers a loopback
 * connection inside the call.
 */
export const connectLoopback = (port: number): Socket => {
  try {
    return connectTo(AF_INET, socketAddress(LOOPBACK_V4, port), `127.0.0.1:${port}`);
  } catch (error) {
    if (!isKernelError(error, 'ECONNREFUSED')) throw error;
    return connectTo(AF_INET6, socketAddress(LOOPBACK_V6, port), `[::1]:${port}`);
  }
};

const connectTo = (family: number, address: Buffer, name: string): Socket => {
  const what = `connect to ${name}`;
  const fd = socket(what, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  try {
    setSendTimeout(what, fd, MAX_WAIT_MS);
    connect(what, fd, address);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
};
