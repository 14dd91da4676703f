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
  /** Deletes all flows with exactly this mark, within the kernel. O(table). */
  readonly deleteMarked: (family: Family, mark: number) => void;
  /** Deletes these flows; those that are gone already do not matter. */
  readonly delete: (originals: readonly FlowTuple[]) => void;
  /** All flows that have ports. O(table). */
  readonly list: (family: Family) => readonly Flow[];
  readonly close: () => void;
};

export const openConntrack = (): Conntrack => {
  const socket = new NetlinkSocket('netfilter');
  return {
    deleteMarked: (family, mark) => {
      const what = `delete connections with mark ${mark}`;
      socket.request([{ what, type: CONNTRACK.delete, payload: encodeMarkFilter(family, mark) }]);
    },
    delete: (originals) => {
      socket.request(originals.map(deletionOf));
    },
    list: (family) =>
      socket
        .dump({ what: 'list connections', type: CONNTRACK.get, payload: encodeFlowQuery(family) })
        .flatMap((payload) => decodeFlow(payload) ?? []),
    close: () => socket.close(),
  };
};

const deletionOf = (original: FlowTuple) => ({
  what: `delete connection ${flowText(original)}`,
  type: CONNTRACK.delete,
  payload: encodeFlow(original),
  tolerate: ['ENOENT'],
});
