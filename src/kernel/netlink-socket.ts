// One netlink socket: requests out, answers in, both at once, since the kernel works on a request while it is sent.
// The socket belongs to the network namespace in which it was opened, wherever its thread goes later.
import { NFNL_BATCH, encodeBatchHeader } from '../wire/nfnetlink.ts';
import { NLMSG, NLM_F, decodeAck, decodeMessages, encodeMessages } from '../wire/netlink.ts';
import type { NetlinkMessage } from '../wire/netlink.ts';
import {
  closeDescriptor,
  growReceiveBuffer,
  recv,
  send,
  sendOffThread,
  setIntOption,
  socket,
} from './ffi/libc.ts';
import { KernelError, isKernelError, kernelErrorOf } from './kernel-error.ts';

export type NetlinkRequest = {
  /** For the error: what is tried on what, as in `route replace 10.244.1.0/24 via 172.30.0.12`. */
  readonly what: string;
  readonly type: number;
  /** Besides NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags?: number;
  readonly payload: Uint8Array;
  /** Codes that count as success: EEXIST of an add, ENODEV of a delete. */
  readonly tolerate?: readonly string[];
};

/** The payloads of what the kernel sent back before its acknowledgement. */
export type NetlinkReply = readonly Uint8Array[];

/** linux/netlink.h, NETLINK_*. */
const PROTOCOLS = { route: 0, sockDiag: 4, netfilter: 12 } as const;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x8_0000;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** Less than a socket may send by default (net.core.wmem_default: 208 KiB). */
const SEND_BYTES = 64 << 10;

// The acknowledgements of one datagram must fit into the socket's receive buffer: about 270 by default (as of Linux 6.18).
const BATCH_MAX = 100;

/** How often a list is read anew because it changed while it was read. */
const DUMP_ATTEMPTS = 10;

/** What is received is copied out at once: one for the thread is enough. */
const buffer = new Uint8Array(1 << 16);

export class NetlinkSocket {
  readonly #fd: number;
  /** Not 0: that is what messages carry for which nobody has asked. */
  #sequence = 1;
  #sendBytesMax = SEND_BYTES;
  #busy = false;

  constructor(protocol: keyof typeof PROTOCOLS) {
    this.#fd = socket('open a netlink socket', AF_NETLINK, SOCK_RAW_CLOEXEC, PROTOCOLS[protocol]);
    for (const name of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK])
      setIntOption('set up a netlink socket', { fd: this.#fd, level: SOL_NETLINK, name, value: 1 });
  }

  /**
   * Runs the requests in order and gives their replies. The kernel goes on after a request that fails; the first
   * failure that its request does not tolerate is thrown when all have run.
   */
  request(requests: readonly NetlinkRequest[]): readonly NetlinkReply[] {
    const replies: NetlinkReply[] = [];
    for (let start = 0; start < requests.length; start += BATCH_MAX)
      replies.push(...this.#requestBatch(requests.slice(start, start + BATCH_MAX)));
    return replies;
  }

  /** Lists what `request` asks for, whole: a GET message whose payload is the filter. */
  dump(request: NetlinkRequest): NetlinkReply {
    const whole = { ...request, flags: (request.flags ?? 0) | NLM_F.dump };
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#requestBatch([whole])[0]!;
      } catch (error) {
        if (!isKernelError(error, 'EINTR') || attempt === DUMP_ATTEMPTS) throw error;
      }
    }
  }

  /**
   * The same on another thread, for requests in which the kernel waits: it takes 10 to 50 ms to delete an interface.
   * The socket is not to be used before the promise is settled.
   */
  async requestOffThread(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkReply[]> {
    const replies: NetlinkReply[] = [];
    for (let start = 0; start < requests.length; start += BATCH_MAX)
      replies.push(...(await this.#requestBatchOffThread(requests.slice(start, start + BATCH_MAX))));
    return replies;
  }

  /** How many bytes of messages may wait. Above the machine's limit only with CAP_NET_ADMIN. */
  growReceiveBuffer(bytes: number): void {
    growReceiveBuffer('grow a netlink buffer', this.#fd, bytes);
  }

  /**
   * The messages that came without a request, of at most `readsMax` datagrams. Never waits. What did not fit into the
   * buffer is missing: messages carry numbers of their own where that matters.
   */
  takeUnasked(readsMax: number): readonly NetlinkMessage[] {
    const messages: NetlinkMessage[] = [];
    for (let reads = 0; reads < readsMax; reads++) {
      try {
        messages.push(...this.#read('read netlink messages', MSG_DONTWAIT));
      } catch (error) {
        if (isKernelError(error, 'EAGAIN')) break;
        if (!isKernelError(error, 'ENOBUFS')) throw error;
      }
    }
    return messages;
  }

  /**
   * Has a subsystem of netfilter run the requests as one transaction: all of them or, with the error of the first that
   * fails, none. Acknowledged once, when all is done (linux net/netfilter/nfnetlink.c, nfnetlink_rcv_batch).
   */
  transact(subsystem: number, requests: readonly NetlinkRequest[]): void {
    this.#assertFree();
    const { what } = requests[0]!;
    const frame = { what, payload: encodeBatchHeader(subsystem) };
    const batch = [{ ...frame, type: NFNL_BATCH.begin }, ...requests, { ...frame, type: NFNL_BATCH.end }];
    const first = this.#sequence;
    this.#sequence += batch.length;
    const last = batch.length - 2;
    const messages = batch.map(({ type, flags = 0, payload }: NetlinkRequest, index) => ({
      type,
      flags: NLM_F.request | flags | (index === last ? NLM_F.ack : 0),
      sequence: first + index,
      payload,
    }));
    const bytes = encodeMessages(messages);
    this.#reserve(what, bytes.length);
    send(what, this.#fd, bytes);
    this.#awaitTransaction(batch, first, last);
  }

  close(): void {
    closeDescriptor(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requestBatch(requests: readonly NetlinkRequest[]): readonly NetlinkReply[] {
    this.#assertFree();
    const first = this.#sequence;
    send(requests[0]!.what, this.#fd, this.#encode(requests));
    return this.#receive(requests, first);
  }

  async #requestBatchOffThread(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkReply[]> {
    this.#assertFree();
    const first = this.#sequence;
    this.#busy = true;
    try {
      await sendOffThread(requests[0]!.what, this.#fd, this.#encode(requests));
    } finally {
      this.#busy = false;
    }
    return this.#receive(requests, first);
  }

  #assertFree(): void {
    if (this.#busy) throw new Error('a netlink socket takes one request at a time');
  }

  #encode(requests: readonly NetlinkRequest[]): Uint8Array {
    return encodeMessages(
      requests.map(({ type, flags = 0, payload }) => ({
        type,
        flags: NLM_F.request | NLM_F.ack | flags,
        sequence: this.#sequence++,
        payload,
      })),
    );
  }

  #receive(requests: readonly NetlinkRequest[], first: number): readonly NetlinkReply[] {
    const replies: Uint8Array[][] = requests.map(() => []);
    let failure: KernelError | undefined;
    for (let open = requests.length; open > 0;) {
      for (const message of this.#read(requests[0]!.what)) {
        const index = message.sequence - first;
        const request = requests[index];
        if (!request) continue; // the late answer to a request that was given up
        if (message.flags & NLM_F.dumpInterrupted)
          failure ??= new KernelError('EINTR', `${request.what}: EINTR`);
        if (message.type === NLMSG.error || message.type === NLMSG.done) {
          failure ??= failureOf(request, message);
          open--;
        } else replies[index]!.push(message.payload);
      }
    }
    if (failure) throw failure;
    return replies;
  }

  // What fails is answered in the order of the requests, then the last is acknowledged. Where the batch as a whole cannot
  // be done, its begin is answered and nothing else.
  #awaitTransaction(batch: readonly NetlinkRequest[], first: number, last: number): void {
    let failure: KernelError | undefined;
    for (;;) {
      for (const message of this.#read(batch[0]!.what)) {
        const index = message.sequence - first;
        const request = batch[index];
        if (!request || message.type !== NLMSG.error) continue;
        failure ??= failureOf(request, message);
        if (index !== 0 && index !== last) continue;
        if (failure) throw failure;
        return;
      }
    }
  }

  /** The kernel takes no message that is longer than what the socket may have on its way. */
  #reserve(what: string, bytes: number): void {
    if (bytes <= this.#sendBytesMax) return;
    setIntOption(what, { fd: this.#fd, level: SOL_SOCKET, name: SO_SNDBUFFORCE, value: bytes });
    this.#sendBytesMax = bytes;
  }

  #read(what: string, flags = 0): readonly NetlinkMessage[] {
    const length = recv(what, this.#fd, buffer, MSG_TRUNC | flags);
    if (length > buffer.length) throw new KernelError('EMSGSIZE', `${what}: an answer of ${length} bytes`);
    return decodeMessages(buffer.slice(0, length));
  }
}

const failureOf = (request: NetlinkRequest, message: NetlinkMessage): KernelError | undefined => {
  const { errno, detail } = decodeAck(message);
  if (errno === 0) return undefined;
  const error = kernelErrorOf(errno, request.what, detail);
  return request.tolerate?.includes(error.code) ? undefined : error;
};
