// The packets of one `log group N` of nftables, of the network namespace in which this was opened. The kernel gathers them
// and `take` reads what has come: a reader that asks now and then costs no thread and nobody waits.
import { NFLOG, decodeLoggedPacket, encodeLogBinding, encodeLogMode } from '../wire/nflog.ts';
import type { LoggedPacket } from '../wire/nflog.ts';
import { NetlinkSocket } from './netlink-socket.ts';

export type PacketLog = {
  /** What came since the last call, at most some thousand packets, and how many were lost before or among them. */
  readonly take: () => { readonly packets: readonly LoggedPacket[]; readonly lost: number };
  readonly close: () => void;
};

/** IPv4's longest header or IPv6's with two extensions, and the ports. */
const COPY_BYTES = 64;
/** Each answer must fit into the socket's buffer for reading. */
const BATCH = { packets: 128, bytes: 32 * 1024, centiseconds: 5 };
/** About 20,000 packets. Needs CAP_NET_ADMIN above the machine's limit. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
/** So that a flood does not keep the thread. */
const READS_MAX = 64;

/** Throws KernelError EPERM: without CAP_NET_ADMIN, or where another socket has the group. */
export const openPacketLog = (group: number): PacketLog => {
  const socket = bindGroup(group);
  let next: number | undefined;
  return {
    take: () => {
      const packets: LoggedPacket[] = [];
      let lost = 0;
      for (const { type, payload } of socket.takeUnasked(READS_MAX)) {
        if (type !== NFLOG.packet) continue;
        const packet = decodeLoggedPacket(payload);
        if (!packet) continue;
        lost += next === undefined ? 0 : (packet.sequence - next) >>> 0;
        next = (packet.sequence + 1) >>> 0;
        packets.push(packet);
      }
      return { packets, lost };
    },
    close: () => socket.close(),
  };
};

const bindGroup = (group: number): NetlinkSocket => {
  const socket = new NetlinkSocket('netfilter');
  const config = { group, copyBytes: COPY_BYTES, batch: BATCH };
  const what = `read packets of log group ${group}`;
  try {
    socket.growReceiveBuffer(RECEIVE_BUFFER_BYTES);
    socket.request([
      { what, type: NFLOG.config, payload: encodeLogBinding(config) },
      { what, type: NFLOG.config, payload: encodeLogMode(config) },
    ]);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
};
