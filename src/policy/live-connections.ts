// Connections that policies allowed when they began and do not allow any more. The kernel asks about a connection's first
// packet only; so those whose ends a change touched are judged again, and conntrack forgets the ones that are denied: their
// next packet is a first one. What a TCP connection sends then is refused, since it is none that begins (kernel/layout.ts).
import { parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import type { Flow, FlowTuple } from '../wire/conntrack.ts';
import type { Connection, Evaluate } from './model/evaluate.ts';
import type { Protocol } from './model/world.ts';

export type CutOptions = {
  /** Addresses of either end. */
  readonly touched: ReadonlySet<string>;
  readonly evaluator: () => Evaluate;
  /** The addresses of this node's pods: what the kernel asks about here. */
  readonly locals: readonly string[];
  /** The cluster DNS, which is always reached. */
  readonly dnsAddresses: readonly string[];
  readonly conntrack: Pick<Conntrack, 'list' | 'delete'>;
};

/** Returns how many connections it ended. O(connections of the node), if anything was touched. */
export const cutConnections = ({
  touched,
  evaluator,
  locals,
  dnsAddresses,
  conntrack,
}: CutOptions): number => {
  const ends = addressSet(touched);
  if (ends.size === 0) return 0;
  const concerned = conntrack
    .list()
    .filter(({ original, reply }) => ends.has(keyOf(original.source)) || ends.has(keyOf(reply.source)));
  if (concerned.length === 0) return 0;
  const isDenied = createJudge(evaluator(), { locals: addressSet(locals), dns: addressSet(dnsAddresses) });
  const denied = concerned.filter(isDenied).map(({ original }) => original);
  conntrack.delete(denied);
  return denied.length;
};

type Places = { readonly locals: ReadonlySet<string>; readonly dns: ReadonlySet<string> };

/** Whether the policies of an end that is a pod of this node deny the flow, as the kernel would now. */
const createJudge =
  (evaluate: Evaluate, { locals, dns }: Places): ((flow: Flow) => boolean) =>
  ({ original, reply }) => {
    const connection = connectionOf(original, reply);
    if (!connection || (connection.port === DNS_PORT && dns.has(keyOf(original.destination)))) return false;
    const { egress, ingress } = evaluate(connection);
    return (
      (locals.has(keyOf(connection.source)) && !egress.isAllowed) ||
      (locals.has(keyOf(connection.destination)) && !ingress.isAllowed)
    );
  };

const DNS_PORT = 53;

const PROTOCOLS: Readonly<Record<number, Protocol>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

/** As it passes `forward`: the answers come from the endpoint, and go to the source unless that is masqueraded after. */
const connectionOf = (original: FlowTuple, reply: FlowTuple): Connection | undefined => {
  const protocol = PROTOCOLS[original.protocol];
  return (
    protocol && {
      source: original.source,
      destination: reply.source,
      protocol,
      port: reply.sourcePort,
      isThroughService: keyOf(original.destination) !== keyOf(reply.source),
    }
  );
};

const addressSet = (texts: Iterable<string>): ReadonlySet<string> =>
  new Set([...texts].flatMap((text) => parseAddress(text) ?? []).map(keyOf));

/** Cheaper than the address's text: a node may have a hundred thousand connections. */
const keyOf = ({ family, value }: Address): string => `${family} ${value}`;
