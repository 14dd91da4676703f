// The flows that the nodes of a cluster have seen, asked through the API server.
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { nodes } from '../../k8s/resources.ts';
import { filterQuery } from '../../policy/flows/flow-filter.ts';
import type { FlowFilter } from '../../policy/flows/flow-filter.ts';
import type { Flow, FlowLine } from '../../policy/flows/flow.ts';
import { connectTo, readLines } from '../cluster-client.ts';
import { say } from '../output.ts';

/** Those of all nodes as they come; false if a node did not answer, or stopped to. */
export const readFlows = async (
  record: ClusterRecord,
  filter: FlowFilter,
  take: (flow: Flow) => void,
): Promise<boolean> => {
  const names = await nodeNames(record);
  const outcomes = await Promise.all(names.map((node) => readNode(record, node, filter, take)));
  return outcomes.every(Boolean);
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
