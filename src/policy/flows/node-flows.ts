// The flows of a node: what the kernel logs, explained by the node's policies, for its pages and as events on its pods.
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer } from '../../informer/informer.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Nft } from '../../kernel/nft.ts';
import { isKernelError } from '../../kernel/kernel-error.ts';
import { openPacketLog } from '../../kernel/packet-log.ts';
import type { PacketLog } from '../../kernel/packet-log.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { LOG_GROUP } from '../kernel/layout.ts';
import { readUnlogged } from '../kernel/unlogged.ts';
import type { PolicyAgent } from '../policy-agent.ts';
import { createDeniedEvents } from './denied-events.ts';
import { flowPage } from './flow-page.ts';
import { startFlowWatch } from './flow-watch.ts';

export type NodeFlowsOptions = {
  readonly nodeName: string;
  readonly world: PolicyAgent['world'];
  readonly pods: Pick<Informer<Pod>, 'get'>;
  readonly recorder: EventRecorder;
  readonly nft: Pick<Nft, 'packets'>;
  readonly clock: Clock;
  readonly log: Log;
};

export type NodeFlows = { readonly page: ReturnType<typeof flowPage>; readonly stop: () => void };

/** To be called in the node's network namespace. Where somebody else reads the log group there are no flows. */
export const startNodeFlows = (options: NodeFlowsOptions): NodeFlows => {
  const { world, pods, nft, log } = options;
  const packets = openLog(log);
  const watch = startFlowWatch({
    ...options,
    packets,
    unlogged: () => readUnlogged(nft),
    evaluator: world.evaluator,
    onDenied: createDeniedEvents({ ...options, podOf: pods.get }),
  });
  return {
    page: flowPage(watch),
    stop: () => {
      watch.stop();
      packets.close();
    },
  };
};

const openLog = (log: Log): PacketLog => {
  try {
    return openPacketLog(LOG_GROUP);
  } catch (error) {
    if (!isKernelError(error, 'EPERM', 'EBUSY')) throw error;
    log.error({ err: error, group: LOG_GROUP }, 'another program reads the log group: no flows are seen');
    return { take: () => ({ packets: [], lost: 0 }), close: () => {} };
  }
};
