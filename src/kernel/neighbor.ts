// Permanent entries of the ARP and NDP tables, as `ip neigh` works on them.
import { formatAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { NLM_F } from '../wire/netlink.ts';
import { encodeNeighbor } from '../wire/rtnetlink/neighbor.ts';
import { RTM } from '../wire/rtnetlink/types.ts';
import type { NetlinkRequest } from './netlink-socket.ts';

/** Says for good where a neighbour is, so that nobody has to ask on the wire. Idempotent. */
export const replaceNeighbor = (of: {
  readonly linkIndex: number;
  readonly address: Address;
  readonly mac: string;
}): NetlinkRequest => ({
  what: `neigh replace ${formatAddress(of.address)} lladdr ${of.mac} dev if${of.linkIndex}`,
  type: RTM.newNeighbor,
  flags: NLM_F.create | NLM_F.replace,
  payload: encodeNeighbor({ ...of, permanent: true }),
});
