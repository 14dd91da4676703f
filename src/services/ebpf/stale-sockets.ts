// UDP sockets whose endpoint is gone. A socket that called connect() has one peer for good, and nobody would ever answer
// it: it is ended, so that its user hears of it (ECONNABORTED) and opens another. TCP ends by itself, and a socket that
// names its receiver with each datagram is given another endpoint with the next.
import { formatAddress } from '../../ip/address.ts';
import type { BpfMap } from '../../kernel/bpf-map.ts';
import { destroyUdpSockets } from '../../kernel/udp-sockets.ts';
import type { ConnectedSocket } from '../../wire/socket-diag.ts';
import type { GoneEndpoint } from './diff.ts';
import { encodePeer, encodeSocketPeer } from './layout.ts';
import { networksOf } from './pod-networks.ts';

/** Ends such sockets of the processes in the cgroup. O(processes + their UDP sockets that have a peer). */
export const destroyStaleSockets = (
  cgroup: string,
  fronts: BpfMap,
  gone: readonly GoneEndpoint[],
): number => {
  const frontsByEndpoint = Map.groupBy(
    gone.map(({ match, at }) => ({
      endpoint: hex(encodePeer(at)),
      front: hex(encodePeer(match.slice('udp . '.length))),
    })),
    ({ endpoint }) => endpoint,
  );
  const isStale = (socket: ConnectedSocket): boolean => {
    const peer = encodePeer(`${formatAddress(socket.peer)} . ${socket.peerPort}`);
    const candidates = frontsByEndpoint.get(hex(peer));
    // a socket that asked for the endpoint itself, or by another Service's name, is not there or has another front
    const front = candidates && fronts.lookup(encodeSocketPeer(socket.cookie, peer));
    return front !== undefined && candidates!.some((each) => each.front === hex(front));
  };
  return networksOf(cgroup).reduce((sum, netns) => sum + destroyUdpSockets(netns, isStale), 0);
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
