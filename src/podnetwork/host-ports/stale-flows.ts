// UDP flows that a change of host ports made stale. A translation is chosen with a flow's first packet and kept as long as
// packets come: a client that goes on sending from one port would stay with the pod that is gone, or with nobody.
import { formatAddress } from '../../ip/address.ts';
import { PROTOCOL_UDP } from '../../wire/conntrack.ts';
import type { Flow, FlowTuple } from '../../wire/conntrack.ts';
import type { HostPort } from './state.ts';

/** Whether a change concerns UDP at all: a listing of all connections is not free. */
export const concernsFlows = (ports: readonly HostPort[]): boolean =>
  ports.some(({ match }) => match.startsWith('udp . '));

/** Flows to pods by ports that are gone, and flows for fresh ports that nothing has translated. */
export const staleFlows = (
  flows: readonly Flow[],
  gone: readonly HostPort[],
  fresh: readonly HostPort[],
): readonly FlowTuple[] =>
  flows
    .filter(({ original }) => original.protocol === PROTOCOL_UDP)
    .filter(
      (flow) =>
        gone.some((port) => isFor(flow, port) && isAnsweredBy(flow, port)) ||
        (isPlain(flow) && fresh.some((port) => isFor(flow, port))),
    )
    .map(({ original }) => original);

const isFor = ({ original }: Flow, { map, match, family }: HostPort): boolean => {
  const { destination, destinationPort } = original;
  if (destination.family !== family) return false;
  const front = map === 'ports' ? [destinationPort] : [formatAddress(destination), destinationPort];
  return match === ['udp', ...front].join(' . ');
};

const isAnsweredBy = ({ reply }: Flow, { address, port }: HostPort): boolean =>
  formatAddress(reply.source) === address && reply.sourcePort === port;

/** Neither end is translated. To forget a flow on its way through the node, somebody else's, then harms no one. */
const isPlain = ({ original, reply }: Flow): boolean =>
  original.destination.value === reply.source.value && original.source.value === reply.destination.value;
