// What the kernel does with connections, asked without the model: the packet's way over the elements that are in the
// nodes' tables, and real connections from the pods.
import { formatAddress } from '../../ip/address.ts';
import { listAddresses } from '../../kernel/interface-address.ts';
import { listNetns, netnsPath, withNetns } from '../../kernel/netns.ts';
import { openNft } from '../../kernel/nft.ts';
import { openRtnetlink } from '../../kernel/rtnetlink.ts';
import { createWalk } from '../../policy/compile/walk.ts';
import type { Walk } from '../../policy/compile/walk.ts';
import { observe } from '../../policy/kernel/observe.ts';
import type { Connection, Decision } from '../../policy/model/evaluate.ts';
import type { Direction } from '../../policy/model/rules.ts';
import { nodeNetnsName } from '../../underlay/names.ts';
import { probeFrom } from './probe.ts';
import type { Probe, ProbeOutcome } from './probe.ts';

/** What a node's table does at one end. */
export type TableAnswer = {
  readonly node: string;
  readonly isAllowed: boolean;
  /** Of the logged packet, and of the table in the node's maps, where it is denied. */
  readonly mark: number;
};

export type KernelAnswer = {
  /** Undefined where no policy looks. */
  readonly egress: TableAnswer | undefined;
  readonly ingress: TableAnswer | undefined;
  /** Undefined where it was not tried. */
  readonly probe: ProbeOutcome | undefined;
};

type Case = { readonly connection: Connection; readonly decision: Decision };

export const askKernel = async (
  cluster: string,
  cases: readonly Case[],
  isProbing: boolean,
): Promise<readonly KernelAnswer[]> => {
  const walkOf = createWalks(cluster);
  const tables = cases.map((each) => ({
    egress: tableAnswer(each, 'egress', walkOf),
    ingress: tableAnswer(each, 'ingress', walkOf),
  }));
  const outcomes = isProbing ? await probeAll(cluster, cases) : new Map<Case, ProbeOutcome>();
  return cases.map((each, index) => ({ ...tables[index]!, probe: outcomes.get(each) }));
};

const tableAnswer = (
  { connection, decision }: Case,
  direction: Direction,
  walkOf: (node: string) => Walk,
): TableAnswer | undefined => {
  const party = direction === 'egress' ? decision.source : decision.destination;
  if (party.kind !== 'pod' || !party.pod.node || decision[direction].reason.kind === 'not judged')
    return undefined;
  const { protocol, port = 0, source, destination } = connection;
  const packet = {
    source: formatAddress(source),
    destination: formatAddress(destination),
    protocol: protocol === 'ICMP' && source.family === 6 ? 'icmpv6' : protocol.toLowerCase(),
    port,
  };
  return { node: party.pod.node, ...walkOf(party.pod.node)(packet, direction) };
};

/** The tables of each node as they are now, read when they are first asked for. No table: nothing is denied. */
const createWalks = (cluster: string): ((node: string) => Walk) => {
  const walks = new Map<string, Walk>();
  return (node) => {
    const walk = walks.get(node) ?? readWalk(cluster, node);
    walks.set(node, walk);
    return walk;
  };
};

const readWalk = (cluster: string, node: string): Walk =>
  withNetns(netnsPath(nodeNetnsName(cluster, node)), () => {
    const nft = openNft();
    try {
      const elements = observe(nft);
      return elements ? createWalk(elements) : () => ({ isAllowed: true, mark: 0 });
    } finally {
      nft.close();
    }
  });

/** Those that can be tried: TCP and UDP from a pod to another address than its own. */
const probeAll = async (
  cluster: string,
  cases: readonly Case[],
): Promise<ReadonlyMap<Case, ProbeOutcome>> => {
  const orders = cases.flatMap((each) => {
    const probe = probeOf(each.connection);
    const netns = probe && podNetns(cluster, each);
    return probe && netns ? [{ each, probe, netns }] : [];
  });
  const outcomes = new Map<Case, ProbeOutcome>();
  for (const [netns, some] of Map.groupBy(orders, (order) => order.netns)) {
    const answers = await probeFrom(
      netns,
      some.map(({ probe }) => probe),
    );
    some.forEach(({ each }, index) => outcomes.set(each, answers[index]!));
  }
  return outcomes;
};

const probeOf = ({ source, destination, protocol, port }: Connection): Probe | undefined => {
  if ((protocol !== 'TCP' && protocol !== 'UDP') || port === undefined) return undefined;
  if (source.value === destination.value) return undefined;
  return { protocol, port, source: formatAddress(source), destination: formatAddress(destination) };
};

/** Known by the address that is in it. */
const podNetns = (cluster: string, { decision, connection }: Case): string | undefined => {
  const { source } = decision;
  if (source.kind !== 'pod' || !source.pod.node) return undefined;
  const address = formatAddress(connection.source);
  return listNetns(`${nodeNetnsName(cluster, source.pod.node)}-`)
    .map(netnsPath)
    .find((path) => addressesIn(path).includes(address));
};

const addressesIn = (path: string): readonly string[] =>
  withNetns(path, () => {
    using rtnetlink = openRtnetlink();
    return listAddresses(rtnetlink).map(({ address }) => formatAddress(address));
  });
