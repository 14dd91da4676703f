// podnet explain: what policies say about a connection, and why.
import { keyOf } from '../../k8s/objects.ts';
import { connectTo, runningCluster } from '../cluster-client.ts';
import { UserError, print, requireRoot } from '../output.ts';
import { readCluster, worldOfCluster } from './cluster-world.ts';
import { explainConnections, explanationObject, explanationText } from './explanation.ts';
import type { Explanation } from './explanation.ts';
import { parseEnd, parseTarget } from './parse-target.ts';
import { connectionsTo, serviceOf } from './resolve.ts';

export type ExplainOptions = {
  readonly name: string;
  readonly namespace: string;
  readonly output: 'text' | 'json';
};

/** `words`: the source and the target, with or without a `to` between. Exit code 0 if all is allowed, 1 if anything is denied. */
export const explain = async (words: readonly string[], options: ExplainOptions): Promise<number> => {
  const [from, to] = endsOf(words);
  const source = parseEnd(from, options.namespace);
  const target = parseTarget(to, options.namespace);
  requireRoot('explain');
  const client = connectTo(runningCluster(options.name));
  try {
    const cluster = await readCluster(client);
    const service = serviceOf(target, cluster);
    const connections = connectionsTo(source, target, cluster);
    const explanations = explainConnections(worldOfCluster(cluster), connections);
    print(
      options.output === 'json'
        ? JSON.stringify(resultObject(explanations, service && keyOf(service)), null, 2)
        : resultText(explanations, service && keyOf(service)),
    );
    return isAllowed(explanations) ? 0 : 1;
  } finally {
    client.close();
  }
};

const endsOf = (words: readonly string[]): readonly [string, string] => {
  const [from, to, ...more] = words.length === 3 && words[1] === 'to' ? [words[0], words[2]] : words;
  if (from === undefined || to === undefined || more.length > 0)
    throw new UserError('expected a source and a target: podnet explain shop/web to svc/shop/db:5432');
  return [from, to];
};

const isAllowed = (explanations: readonly Explanation[]): boolean =>
  explanations.every(({ decision }) => decision.isAllowed);

const resultText = (explanations: readonly Explanation[], service: string | undefined): string => {
  const blocks = explanations.map(explanationText);
  if (!service) return blocks.join('\n');
  const denied = explanations.filter(({ decision }) => !decision.isAllowed).length;
  const count = `${explanations.length} connection${explanations.length === 1 ? '' : 's'} to its endpoints`;
  return [`Service ${service}: ${denied} of ${count} denied`, ...blocks].join('\n');
};

const resultObject = (explanations: readonly Explanation[], service: string | undefined): object => ({
  apiVersion: 'podnet.dev/v1alpha1',
  kind: 'PolicyExplanation',
  allowed: isAllowed(explanations),
  ...(service && { service }),
  connections: explanations.map(explanationObject),
});
