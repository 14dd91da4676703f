// From a logged packet to a flow: who has the addresses, and which policies answer for it.
import type { LoggedPacket } from '../../wire/nflog.ts';
import { PENDING } from '../compile/elements.ts';
import { ALLOWED_PREFIX } from '../kernel/layout.ts';
import type { Connection, Decision, Evaluate } from '../model/evaluate.ts';
import type { ConnectionProtocol } from '../model/match.ts';
import { isProtocol } from '../model/world.ts';
import { endOf, reasonsOf } from './flow.ts';
import type { FlowSight } from './flow.ts';
import type { SeenFlow } from './flow-table.ts';

/** To be used within one turn, as the evaluator is. Gives undefined for a packet of which another node tells. */
export const createExplainer =
  (nodeName: string, evaluate: Evaluate): ((packet: LoggedPacket) => SeenFlow | undefined) =>
  (packet) => {
    const connection = connectionOf(packet);
    return seenFlow(nodeName, connection, evaluate(connection), sightOf(packet));
  };

const sightOf = ({ prefix, mark }: LoggedPacket): FlowSight => {
  const isAllowed = prefix === ALLOWED_PREFIX;
  return {
    isAllowed,
    deniedBy: isAllowed ? undefined : prefix === 'egress' ? 'egress' : 'ingress',
    isPending: !isAllowed && mark === PENDING,
  };
};

/** Undefined for what another node tells: an allowed connection is that of the destination's node. */
const seenFlow = (
  nodeName: string,
  connection: Connection,
  decision: Decision,
  sight: FlowSight,
): SeenFlow | undefined => {
  const { source, destination } = decision;
  const isElsewhere = destination.kind === 'pod' && destination.pod.node !== nodeName;
  if (sight.isAllowed && isElsewhere) return undefined;
  return {
    node: nodeName,
    verdict: sight.isAllowed ? 'allowed' : 'denied',
    source: endOf(source, connection.source),
    destination: endOf(destination, connection.destination),
    protocol: connection.protocol,
    ...(connection.port !== undefined && { port: connection.port }),
    ...reasonsOf(decision, sight),
  };
};

/** https://www.iana.org/assignments/protocol-numbers */
const PROTOCOL_NAMES: ReadonlyMap<number, ConnectionProtocol> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [58, 'ICMP'],
  [132, 'SCTP'],
]);

/** A pod that reaches itself does not come this way unless through a Service. */
const connectionOf = ({
  source,
  destination,
  protocol: number,
  destinationPort,
}: LoggedPacket): Connection => {
  const protocol = PROTOCOL_NAMES.get(number) ?? 'other';
  const port = isProtocol(protocol) ? destinationPort : undefined;
  return { source, destination, protocol, port, isThroughService: true };
};
