// The flows that a node has seen: the latest ones, each once.
import type { Flow } from './flow.ts';

/** A flow as it is seen, before it is counted. */
export type SeenFlow = Omit<Flow, 'kind' | 'connections' | 'firstSeen' | 'lastSeen'>;

export type FlowTable = {
  /** Counts one connection; false for another packet from the same port: the same connection, sent again. */
  readonly add: (flow: SeenFlow, sourcePort: number, nowMs: number) => boolean;
  /** Those that were seen since then, the latest last. */
  readonly since: (ms: number) => readonly Flow[];
  /** Those that were seen since the last call, for those who follow. */
  readonly takeChanged: () => readonly Flow[];
};

type Entry = {
  readonly flow: SeenFlow;
  readonly firstMs: number;
  lastMs: number;
  sourcePort: number;
  connections: number;
};

/** About 2 MB. */
const FLOWS_MAX = 4096;

/** Owns the table: of more than `max` flows those that were seen longest ago are forgotten. */
export const createFlowTable = (max = FLOWS_MAX): FlowTable => {
  /** The latest last. */
  const entries = new Map<string, Entry>();
  let changed = new Set<Entry>();

  const add: FlowTable['add'] = (flow, sourcePort, nowMs) => {
    const key = JSON.stringify(flow);
    const entry = entries.get(key) ?? { flow, firstMs: nowMs, lastMs: nowMs, sourcePort: -1, connections: 0 };
    const isNew = entry.sourcePort !== sourcePort || sourcePort === 0;
    if (isNew) entry.connections++;
    entry.sourcePort = sourcePort;
    entry.lastMs = nowMs;
    entries.delete(key);
    entries.set(key, entry);
    changed.add(entry);
    const oldest = entries.keys().next();
    if (entries.size > max && !oldest.done) entries.delete(oldest.value);
    return isNew;
  };

  return {
    add,
    since: (ms) => [...entries.values()].filter(({ lastMs }) => lastMs >= ms).map(flowOf),
    takeChanged: () => {
      const taken = [...changed];
      changed = new Set();
      return taken.map(flowOf);
    },
  };
};

const flowOf = ({ flow, connections, firstMs, lastMs }: Entry): Flow => ({
  kind: 'Flow',
  ...flow,
  connections,
  firstSeen: new Date(firstMs).toISOString(),
  lastSeen: new Date(lastMs).toISOString(),
});
