// nfnetlink_log: packets that a `log group N` of nftables hands to user space (linux/netfilter/nfnetlink_log.h). Numbers in
// the attributes are in network byte order.
//
//   struct nfgenmsg   0        1         2             4
//                     | family | version | group       |   attributes: NFULA_MARK, NFULA_PAYLOAD, NFULA_SEQ, ...
import { decodeIpPacket } from './ip-packet.ts';
import type { IpPacket } from './ip-packet.ts';
import {
  big16,
  big32,
  decodeAttributes,
  encodeAttributes,
  joinPayload,
  readBig32,
  readText,
} from './netlink.ts';
import type { Attribute } from './netlink.ts';

/** Message types: subsystem 4 (NFNL_SUBSYS_ULOG) in the upper byte. */
export const NFLOG = { packet: 0x400, config: 0x401 } as const;

export type LoggedPacket = IpPacket & {
  /** The packet's mark when it was logged. */
  readonly mark: number;
  /** Indexes of interfaces; 0 where there was none. */
  readonly inputInterface: number;
  readonly outputInterface: number;
  /** The rule's `log prefix`. */
  readonly prefix: string;
  /** Counts the group's packets, in 32 bits, around: one that is missing was lost on the way. */
  readonly sequence: number;
};

const CONFIG = { command: 1, mode: 2, bufferBytes: 3, timeout: 4, threshold: 5, flags: 6 } as const;
const BIND = 1;
const COPY_PACKET = 2;
const COUNT = 1; // NFULNL_CFG_F_SEQ

export type LogGroup = {
  readonly group: number;
  /** How much of each packet is copied. */
  readonly copyBytes: number;
  /** The kernel sends when so many packets wait, or the first of them has waited so long, in hundredths of a second. */
  readonly batch: { readonly packets: number; readonly bytes: number; readonly centiseconds: number };
};

/** Asks for the group's packets: the first of the two messages that are needed. */
export const encodeLogBinding = ({ group }: LogGroup): Uint8Array =>
  configOf(group, [[CONFIG.command, Uint8Array.of(BIND)]]);

/** Says how the packets are to come. */
export const encodeLogMode = ({ group, copyBytes, batch }: LogGroup): Uint8Array =>
  configOf(group, [
    [CONFIG.mode, Uint8Array.of(...big32(copyBytes), COPY_PACKET, 0)],
    [CONFIG.bufferBytes, big32(batch.bytes)],
    [CONFIG.timeout, big32(batch.centiseconds)],
    [CONFIG.threshold, big32(batch.packets)],
    [CONFIG.flags, big16(COUNT)],
  ]);

const configOf = (group: number, attributes: readonly Attribute[]): Uint8Array =>
  joinPayload(Uint8Array.of(0, 0, ...big16(group)), encodeAttributes(attributes));

const PACKET = {
  mark: 2,
  inputInterface: 4,
  outputInterface: 5,
  payload: 9,
  prefix: 10,
  sequence: 12,
} as const;

/** Reads one packet's message; undefined if there is no IP packet in it. */
export const decodeLoggedPacket = (message: Uint8Array): LoggedPacket | undefined => {
  const attributes = decodeAttributes(message.subarray(4));
  const packet = decodeIpPacket(attributes.get(PACKET.payload) ?? new Uint8Array());
  const number = (type: number): number => readBig32(attributes.get(type)) ?? 0;
  return (
    packet && {
      ...packet,
      mark: number(PACKET.mark),
      inputInterface: number(PACKET.inputInterface),
      outputInterface: number(PACKET.outputInterface),
      prefix: readText(attributes.get(PACKET.prefix)) ?? '',
      sequence: number(PACKET.sequence),
    }
  );
};
