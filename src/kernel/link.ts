// Network interfaces, as `ip link` works on them.
import { NLM_F } from '../wire/netlink.ts';
import { decodeLink, encodeLink } from '../wire/rtnetlink/link.ts';
import type { Link } from '../wire/rtnetlink/link.ts';
import { RTM } from '../wire/rtnetlink/types.ts';
import type { NetlinkRequest } from './netlink-socket.ts';
import type { Rtnetlink } from './rtnetlink.ts';

/** lo has this index in every namespace. */
export const LOOPBACK_INDEX = 1;

/** Makes an interface; code EEXIST if the name is taken. */
export const addLink = (link: Link & { readonly name: string }): NetlinkRequest => ({
  what: `link add ${link.name}`,
  type: RTM.newLink,
  flags: NLM_F.create | NLM_F.exclusive,
  payload: encodeLink(link),
});

/** Changes the interface with the index or, where that is left out, with the name. */
export const setLink = (link: Link): NetlinkRequest => ({
  what: `link set ${link.name ?? `if${link.index}`}`,
  type: RTM.newLink,
  payload: encodeLink(link),
});

/** Idempotent. Of a veth it takes both ends. */
export const deleteLink = (name: string): NetlinkRequest => ({
  what: `link delete ${name}`,
  type: RTM.deleteLink,
  payload: encodeLink({ name }),
  tolerate: ['ENODEV'],
});

/** Deletes all interfaces of the group at once, for the price of one. Idempotent; never give it group 0. */
export const deleteLinkGroup = (group: number): NetlinkRequest => ({
  what: `link delete group ${group}`,
  type: RTM.deleteLink,
  payload: encodeLink({ group }),
  tolerate: ['ENODEV'],
});

/** To be run together with the request that makes it. */
const getLink = (name: string): NetlinkRequest => ({
  what: `link show ${name}`,
  type: RTM.getLink,
  payload: encodeLink({ name }),
});

/** Undefined if there is none of that name. */
export const findLink = (rtnetlink: Rtnetlink, name: string): Link | undefined => {
  const [reply] = rtnetlink.request([{ ...getLink(name), tolerate: ['ENODEV'] }]);
  return reply?.[0] && decodeLink(reply[0]);
};

/** Runs `requests`, then gives the index that the interface has now; code ENODEV if it is not there. */
export const linkIndexAfter = (
  rtnetlink: Rtnetlink,
  requests: readonly NetlinkRequest[],
  name: string,
): number => decodeLink(rtnetlink.request([...requests, getLink(name)]).at(-1)![0]!).index!;

/** All interfaces of the namespace. */
export const listLinks = (rtnetlink: Rtnetlink): readonly Link[] =>
  rtnetlink.dump({ what: 'link list', type: RTM.getLink, payload: encodeLink({}) }).map(decodeLink);
