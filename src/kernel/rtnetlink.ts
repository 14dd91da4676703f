// rtnetlink: links, addresses, routes and neighbours of the namespace in which the socket was opened.
// What is asked for comes from link.ts, interface-address.ts, route.ts and neighbor.ts as requests, to be run together.
import { NetlinkSocket } from './netlink-socket.ts';

export type Rtnetlink = NetlinkSocket;

/** Opens a socket in the calling thread's present namespace. Close it, or hold it by `using`. */
export const openRtnetlink = (): Rtnetlink => new NetlinkSocket('route');
