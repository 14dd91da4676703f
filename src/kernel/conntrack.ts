// The kernel's connections (ctnetlink), of the network namespace in which the socket was opened.
import type { Family } from '../ip/address.ts';
import {
  CONNTRACK,
  decodeFlow,
  encodeFlow,
  encodeFlowQuery,
  encodeMarkFilter,
  flowText,
} from '../wire/conntrack.ts';
import type { Flow, FlowTuple } from '../wire/conntrack.ts';
import { NetlinkSocket } from './netlink-socket.ts';

export type Conntrack = {
  /** Those with exactly this mark, chosen within the kernel. O(table). */
  readonly listMarked: (family: Family, mark: number) => readonly Flow[];
  /** Deletes these flows; those that are gone already do not matter. */
  readonly delete: (originals: readonly FlowTuple[]) => void;
  /** All flows that have ports, of one family or of both. O(table), that of all namespaces: 5 ms where it is empty. */
  readonly list: (family?: Family) => readonly Flow[];
  readonly close: () => void;
};

export const openConntrack = (): Conntrack => {
  const socket = new NetlinkSocket('netfilter');
  const list = (payload: Uint8Array): readonly Flow[] =>
    socket
      .dump({ what: 'list connections', type: CONNTRACK.get, payload })
      .flatMap((each) => decodeFlow(each) ?? []);
  return {
    delete: (originals) => {
      socket.request(originals.map(deletionOf));
    },
    listMarked: (family, mark) => list(encodeMarkFilter(family, mark)),
    list: (family) => list(encodeFlowQuery(family)),
    close: () => socket.close(),
  };
};

const deletionOf = (original: FlowTuple) => ({
  what: `delete connection ${flowText(original)}`,
  type: CONNTRACK.delete,
  payload: encodeFlow(original),
  tolerate: ['ENOENT'],
});
