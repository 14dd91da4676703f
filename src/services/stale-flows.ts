// Connections that the rules do not reach any more. A translation is chosen with a flow's first packet and kept as long
// as packets come: TCP ends by itself, but a UDP client that goes on sending from one port would never be heard again
//   - when its endpoint is gone, or
//   - when it began to send before the Service was there.
// Kubernetes: "should be able to preserve UDP traffic when server pod cycles for a ... service" (test/e2e/network/conntrack.go).
import { formatAddress } from '../ip/address.ts';
import type { Family } from '../ip/address.ts';
import { PROTOCOL_UDP } from '../wire/conntrack.ts';
import type { Flow, FlowTuple } from '../wire/conntrack.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';
import type { Effects } from './apply.ts';
import { conntrackDeleted, conntrackSeconds } from './metrics.ts';

/** Above this, one listing is cheaper than to have the kernel search its table for each mark. */
const MARKS_MAX = 8;

/** Deletes the UDP flows that a transaction made stale. */
export const deleteStaleFlows = (
  conntrack: Conntrack,
  { gone, fresh }: Pick<Effects, 'gone' | 'fresh'>,
): void => {
  for (const family of [4, 6] as const) {
    const marks = gone.filter(({ entry }) => isUdp(entry, family)).map(({ slot }) => slot.id);
    const fronts = fresh.filter((entry) => isUdp(entry, family)).map(({ match }) => match);
    if (marks.length === 0 && fronts.length === 0) continue;
    const elapsed = startStopwatch();
    const flows =
      fronts.length === 0 && marks.length <= MARKS_MAX
        ? marks.flatMap((mark) => conntrack.listMarked(family, mark))
        : conntrack.list(family);
    const stale = staleFlows(flows, new Set(marks), new Set(fronts));
    conntrack.delete(stale);
    conntrackDeleted.inc(stale.length, `IPv${family}`);
    conntrackSeconds.observe(elapsed(), `IPv${family}`);
  }
};

type Front = { readonly family: Family; readonly match: string };

const isUdp = (entry: Front, family: Family): boolean =>
  entry.family === family && entry.match.startsWith('udp . ');

/** Flows to endpoints with these marks, and flows to these addresses and ports that nothing translates. */
const staleFlows = (
  flows: readonly Flow[],
  marks: ReadonlySet<number>,
  fronts: ReadonlySet<string>,
): readonly FlowTuple[] =>
  flows
    .filter(({ original: { protocol } }) => protocol === PROTOCOL_UDP)
    .filter((flow) => marks.has(flow.mark) || (!isTranslated(flow) && fronts.has(frontOf(flow))))
    .map(({ original }) => original);

const isTranslated = ({ original, reply }: Flow): boolean =>
  original.destination.value !== reply.source.value || original.destinationPort !== reply.sourcePort;

const frontOf = ({ original }: Flow): string =>
  `udp . ${formatAddress(original.destination)} . ${original.destinationPort}`;
