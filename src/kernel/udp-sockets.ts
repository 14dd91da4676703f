// The UDP sockets of a network namespace, and how to end those of others.
import { encodeUdpDestruction, encodeUdpQuery, decodeSocket, SOCK_DIAG } from '../wire/socket-diag.ts';
import type { ConnectedSocket } from '../wire/socket-diag.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { withNetns } from './netns.ts';

/** Ends all UDP sockets with a peer that `isStale` says are to end; linux CONFIG_INET_DIAG_DESTROY. Returns how many. */
export const destroyUdpSockets = (netns: string, isStale: (socket: ConnectedSocket) => boolean): number => {
  using diag = withNetns(netns, () => new NetlinkSocket('sockDiag'));
  const stale = ([4, 6] as const)
    .flatMap((family) =>
      diag.dump({ what: 'list UDP sockets', type: SOCK_DIAG.byFamily, payload: encodeUdpQuery(family) }),
    )
    .flatMap((payload) => decodeSocket(payload) ?? [])
    .filter(isStale);
  const requests = stale.map((socket) => ({
    what: 'end a UDP socket',
    type: SOCK_DIAG.destroy,
    payload: encodeUdpDestruction(socket),
    tolerate: ['ENOENT'], // closed meanwhile
  }));
  if (requests.length > 0) diag.request(requests);
  return stale.length;
};
