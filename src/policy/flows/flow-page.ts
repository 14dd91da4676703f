// The flows of a node as text, one JSON object a line: what the node's agent serves.
import type { FlowWatch } from './flow-watch.ts';
import { parseFilter } from './flow-filter.ts';

/** Undefined for a query that makes no sense. */
export const flowPage =
  (watch: Pick<FlowWatch, 'read'>) =>
  (query: URLSearchParams, signal: AbortSignal): AsyncIterable<string> | undefined => {
    const filter = parseFilter(query);
    return filter && linesOf(watch.read(filter, signal));
  };

async function* linesOf(batches: ReturnType<FlowWatch['read']>): AsyncGenerator<string> {
  for await (const batch of batches) yield batch.map((line) => `${JSON.stringify(line)}\n`).join('');
}
