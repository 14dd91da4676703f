// podnet flows: the connections of pods that the nodes have seen, with the policies that allowed or denied them.
import type { FlowFilter } from '../../policy/flows/flow-filter.ts';
import type { Flow } from '../../policy/flows/flow.ts';
import { runningCluster } from '../cluster-client.ts';
import { flowHeader, flowText } from './flow-text.ts';
import { print, requireRoot } from '../output.ts';
import { readFlows } from './read-flows.ts';

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
  const isWhole = await readFlows(record, filter, take);
  for (const flow of seen.toSorted((a, b) => (a.lastSeen < b.lastSeen ? -1 : 1))) print(show(flow));
  return isWhole ? 0 : 1;
};

/** `podnet flows -f | head` ends when head does. */
const endWithReader = (): void => {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
};
