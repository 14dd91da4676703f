// podnet flows: the connections of pods that the nodes have seen, with the policies that allowed or denied them.
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { nodes } from '../../k8s/resources.ts';
import { filterQuery } from '../../policy/flows/flow-filter.ts';
import type { FlowFilter } from '../../policy/flows/flow-filter.ts';
import type { Flow, FlowLine } from '../../policy/flows/flow.ts';
import { connectTo, readLines, runningCluster } from '../cluster-client.ts';
import { flowHeader, flowText } from './flow-text.ts';
import { print, requireRoot, say } from '../output.ts';

export type FlowsOptions = FlowFilter & { readonly name: string; readonly output: 'table' | 'json' };

/** Exit code 1 when a node did not answer. */
export const flows = async ({ name, output, ...filter }: FlowsOptions): Promise<number> => {
  requireRoot('flows');
  const record = runningCluster(name);
  const show = output === 'json' ? JSON.stringify : flowText;
  if (output === 'table') print(flowHeader());
  const seen: Flow[] = [];
  const take = (flow: Flow): void => {
    if (filter.follow) print(show(flow));
    else seen.push(flow);
  };
  endWithReader();
  const names = await nodeNames(record);
  const outcomes = await Promise.all(names.map((node) => readNode(record, node, filter, take)));
  for (const flow of seen.toSorted((a, b) => (a.lastSeen < b.lastSeen ? -1 : 1))) print(show(flow));
  return outcomes.every(Boolean) ? 0 : 1;
};

/** `podnet flows -f | head` ends when head does. */
const endWithReader = (): void => {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
};

const nodeNames = async (record: ClusterRecord): Promise<readonly string[]> => {
  const client = connectTo(record);
  try {
    return (await client.list(nodes)).items.map(({ metadata }) => metadata.name);
  } finally {
    client.close();
  }
};

/** False if the node cannot be asked, or stops to answer. */
const readNode = async (
  record: ClusterRecord,
  node: string,
  filter: FlowFilter,
  take: (flow: Flow) => void,
): Promise<boolean> => {
  let isLossTold = false;
  try {
    const path = `/api/v1/nodes/${node}/proxy/flows?${filterQuery(filter)}`;
    for await (const line of readLines(record, path) as AsyncIterable<FlowLine>) {
      if (line.kind === 'Flow') take(line);
      else if (!isLossTold) {
        say(`${node}: too many connections at once, ${line.packets} packets were not looked at`);
        isLossTold = true;
      }
    }
    return !filter.follow;
  } catch (error) {
    say(`${node}: ${(error as Error).message}`);
    return false;
  }
};
