// RTM_*NEIGH: the ARP and NDP tables (linux/neighbour.h).
//
//   struct ndmsg   0        1     4       8       10      11     12
//                  | family | pad | index | state | flags | type |
import { addressFromBytes, addressToBytes } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { familyNumber } from '../family.ts';
import { macFromBytes, macToBytes } from '../mac.ts';
import { LITTLE_ENDIAN, decodeAttributes, encodeAttributes, joinPayload, viewOf } from '../netlink.ts';

export type Neighbor = {
  readonly linkIndex: number;
  readonly address: Address;
  readonly mac: string;
  /** Never probed, never forgotten (NUD_PERMANENT). */
  readonly permanent: boolean;
};

const HEADER = 12;
const NDA = { destination: 1, linkLayerAddress: 2 } as const;
const NUD_REACHABLE = 0x02;
const NUD_PERMANENT = 0x80;

export const encodeNeighbor = ({ linkIndex, address, mac, permanent }: Neighbor): Uint8Array => {
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  header[0] = familyNumber(address.family);
  view.setInt32(4, linkIndex, LITTLE_ENDIAN);
  view.setUint16(8, permanent ? NUD_PERMANENT : NUD_REACHABLE, LITTLE_ENDIAN);
  return joinPayload(
    header,
    encodeAttributes([
      [NDA.destination, addressToBytes(address)],
      [NDA.linkLayerAddress, macToBytes(mac)],
    ]),
  );
};

/** Undefined for an entry without a link-layer address: unresolved, or not Ethernet's. */
export const decodeNeighbor = (payload: Uint8Array): Neighbor | undefined => {
  const view = viewOf(payload);
  const attributes = decodeAttributes(payload.subarray(HEADER));
  const [address, mac] = [attributes.get(NDA.destination), attributes.get(NDA.linkLayerAddress)];
  if ((address?.length !== 4 && address?.length !== 16) || mac?.length !== 6) return undefined;
  return {
    linkIndex: view.getInt32(4, LITTLE_ENDIAN),
    address: addressFromBytes(address),
    mac: macFromBytes(mac),
    permanent: (view.getUint16(8, LITTLE_ENDIAN) & NUD_PERMANENT) !== 0,
  };
};
