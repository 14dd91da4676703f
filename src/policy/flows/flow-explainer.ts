// From a logged packet to a flow: who has the addresses, and which policies answer for it.
import { formatAddress } from '../../ip/address.ts';
import type { LoggedPacket } from '../../wire/nflog.ts';
import { PENDING } from '../compile/elements.ts';
import { ALLOWED_PREFIX } from '../kernel/layout.ts';
import { createEvaluator } from '../model/evaluate.ts';
import type { Connection, Decision } from '../model/evaluate.ts';
import type { ConnectionProtocol } from '../model/match.ts';
import { isProtocol } from '../model/world.ts';
import type { World } from '../model/world.ts';
import { endOf, reasonsOf } from './flow.ts';
import type { FlowSight } from './flow.ts';
import type { SeenFlow } from './flow-table.ts';

export type ExplainerOptions = {
  readonly nodeName: string;
  readonly world: () => World;
  /** Differs when the world does. */
  readonly worldVersion: () => number;
};

/** Answers are remembered as long as the world is the same. */
const ANSWERS_MAX = 4096;

/** Gives undefined for a packet of which another node tells. */
export const createExplainer = ({
  nodeName,
  world,
  worldVersion,
}: ExplainerOptions): ((packet: LoggedPacket) => SeenFlow | undefined) => {
  let answers = new Map<string, { readonly flow: SeenFlow | undefined }>();
  let [evaluate, version] = [createEvaluator(world()), worldVersion()];
  return (packet) => {
    if (version !== worldVersion()) {
      [evaluate, version] = [createEvaluator(world()), worldVersion()];
      answers = new Map();
    }
    const connection = connectionOf(packet);
    const sight = sightOf(packet);
    const key = `${packet.prefix} ${sight.isPending} ${connectionKey(connection)}`;
    const known = answers.get(key);
    if (known) return known.flow;
    const flow = seenFlow(nodeName, connection, evaluate(connection), sight);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(key, { flow });
    return flow;
  };
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

const connectionOf = ({
  source,
  destination,
  protocol: number,
  destinationPort,
}: LoggedPacket): Connection => {
  const protocol = PROTOCOL_NAMES.get(number) ?? 'other';
  return { source, destination, protocol, port: isProtocol(protocol) ? destinationPort : undefined };
};

const connectionKey = ({ source, destination, protocol, port }: Connection): string =>
  `${formatAddress(source)} ${formatAddress(destination)} ${protocol} ${port}`;
