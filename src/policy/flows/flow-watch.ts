// Sees the connections of a node's pods: the kernel logs the first packet of each, allowed or denied, at most so many a
// second; here they are read now and then, named, explained and counted.
//
//   nftables `log group` ─► packet log ─every 100 ms─► who is it, which policy? ─► flow table ─► those who ask
//                                                                             └─► events on pods
import type { PacketLog } from '../../kernel/packet-log.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { FlowLine } from './flow.ts';
import { createExplainer } from './flow-explainer.ts';
import type { Evaluate } from '../model/evaluate.ts';
import { isWanted } from './flow-filter.ts';
import type { FlowFilter } from './flow-filter.ts';
import { createFlowLoss } from './flow-loss.ts';
import { createFlowTable } from './flow-table.ts';
import type { SeenFlow } from './flow-table.ts';
import { createFollowers } from './followers.ts';
import { loggedPackets } from './metrics.ts';

export type FlowWatchOptions = {
  readonly nodeName: string;
  /** Asked in each turn in which there are packets. */
  readonly evaluator: () => Evaluate;
  readonly packets: PacketLog;
  /** How many packets the kernel has not even logged, in all, since there were too many. */
  readonly unlogged: () => number;
  readonly onDenied: (flow: SeenFlow) => void;
  readonly clock: Clock;
  readonly log: Log;
};

export type FlowWatch = {
  /** What is remembered, and with `follow` what comes, until the signal. */
  readonly read: (filter: FlowFilter, signal: AbortSignal) => AsyncGenerator<readonly FlowLine[]>;
  readonly stop: () => void;
};

const LOOK_MS = 100;
const ASK_FOR_LOSS_EVERY = 50;

export const startFlowWatch = (options: FlowWatchOptions): FlowWatch => {
  const { nodeName, packets, onDenied, clock, log } = options;
  const table = createFlowTable();
  const loss = createFlowLoss(options.unlogged, log);
  const followers = createFollowers(nodeName);
  let timer: Timer;
  let looks = 0;

  const look = (): void => {
    const { packets: logged, lost } = packets.take();
    const explain = logged.length > 0 ? createExplainer(nodeName, options.evaluator()) : undefined;
    for (const packet of logged) {
      const flow = explain?.(packet);
      if (!flow) continue;
      loggedPackets.inc(1, flow.verdict);
      if (table.add(flow, packet.sourcePort, clock.now()) && flow.verdict === 'denied') onDenied(flow);
    }
    const missed = loss.count(lost, ++looks % ASK_FOR_LOSS_EVERY === 0);
    const lines: readonly FlowLine[] = [...table.takeChanged(), ...lossLines(missed)];
    if (lines.length > 0) followers.tell(lines);
  };
  const lossLines = (missed: number): readonly FlowLine[] =>
    missed > 0 ? [{ kind: 'Loss', node: nodeName, packets: missed }] : [];
  const lookAgain = (): void => {
    try {
      look();
    } catch (error) {
      log.error({ err: error }, 'cannot read the packets that the kernel logged');
    }
    timer = clock.after(LOOK_MS, lookAgain);
  };
  timer = clock.after(LOOK_MS, lookAgain);

  return {
    read: async function* ({ sinceSeconds, ...filter }, signal) {
      look();
      const sinceMs = sinceSeconds === undefined ? 0 : clock.now() - sinceSeconds * 1000;
      const known = table.since(sinceMs).filter((flow) => isWanted(filter, flow));
      const follower = followers.follow((line) => line.kind === 'Loss' || isWanted(filter, line));
      try {
        yield [...known, ...lossLines(loss.total())];
        if (filter.follow) yield* follower.lines(signal);
      } finally {
        follower.stop();
      }
    },
    stop: () => timer.cancel(),
  };
};
