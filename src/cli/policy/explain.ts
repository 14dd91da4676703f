// podnet explain: what policies say about a connection, and why; and whether the kernel does so.
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../client/client.ts';
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { keyOf } from '../../k8s/objects.ts';
import { worldOf } from '../../policy/model/world-of.ts';
import { connectTo, runningCluster } from '../cluster-client.ts';
import { UserError, print, requireRoot, say } from '../output.ts';
import { readCluster } from './cluster-world.ts';
import { differences } from './compare.ts';
import { domainsAt } from './domains.ts';
import { explanationObject } from './explanation-object.ts';
import { explanationsText } from './explanation-text.ts';
import { explainConnections } from './explanation.ts';
import type { Explanation } from './explanation.ts';
import { askKernel } from './kernel-answer.ts';
import { parseEnd, parseTarget } from './parse-target.ts';
import type { End, Target } from './parse-target.ts';
import { connectionsTo, serviceOf, sourceNode } from './resolve.ts';

export type ExplainOptions = {
  readonly name: string;
  readonly namespace: string;
  readonly output: 'text' | 'json';
  /** Whether real connections are tried. */
  readonly probe: boolean;
};

/**
 * `words`: the source and the target, with or without a `to` between. Exit code 0 if all is allowed, 1 if anything is
 * denied, by the policies or, where the two differ, by the kernel.
 */
export const explain = async (words: readonly string[], options: ExplainOptions): Promise<number> => {
  const [from, to] = endsOf(words);
  const ends = { source: parseEnd(from, options.namespace), target: parseTarget(to, options.namespace) };
  requireRoot('explain');
  const record = runningCluster(options.name);
  const client = connectTo(record);
  try {
    const result = await ask(client, record, ends, options.probe);
    print(options.output === 'json' ? JSON.stringify(resultObject(result), null, 2) : resultText(result));
    const isDifferent = result.explanations.some(differs);
    if (isDifferent) say('podnet: THE KERNEL DOES NOT DO WHAT THE POLICIES SAY: this is a fault of podnet');
    return isAllowed(result) && !isDifferent ? 0 : 1;
  } finally {
    client.close();
  }
};

type Result = { readonly service: string | undefined; readonly explanations: readonly Explanation[] };
type Ends = { readonly source: End; readonly target: Target };

const endsOf = (words: readonly string[]): readonly [string, string] => {
  const [from, to, ...more] = words.length === 3 && words[1] === 'to' ? [words[0], words[2]] : words;
  if (from === undefined || to === undefined || more.length > 0)
    throw new UserError('expected a source and a target: podnet explain shop/web to svc/shop/db:5432');
  return [from, to];
};

/** A change may be on its way to the nodes: what differs is asked again. */
const TRIES = 3;
const RETRY_MS = 300;

const ask = async (
  client: ApiClient,
  record: ClusterRecord,
  { source, target }: Ends,
  isProbing: boolean,
): Promise<Result> => {
  for (let tries = 1; ; tries++) {
    const cluster = await readCluster(client, record);
    const service = serviceOf(target, cluster);
    const modelled = explainConnections(
      worldOf(cluster, domainsAt(record, sourceNode(source, cluster))),
      connectionsTo(source, target, cluster),
    );
    const answers = await askKernel(record.config.name, modelled, isProbing);
    const explanations = modelled.map((each, index) => ({ ...each, kernel: answers[index] }));
    if (tries === TRIES || !explanations.some(differs))
      return { service: service && keyOf(service), explanations };
    await delay(RETRY_MS);
  }
};

const differs = (explanation: Explanation): boolean => differences(explanation).length > 0;

const isAllowed = ({ explanations }: Result): boolean =>
  explanations.every(({ decision }) => decision.isAllowed);

const resultText = ({ explanations, service }: Result): string => {
  const text = explanationsText(explanations);
  if (!service) return text;
  const denied = explanations.filter(({ decision }) => !decision.isAllowed).length;
  const count = `${explanations.length} connection${explanations.length === 1 ? '' : 's'} to its endpoints`;
  return [`Service ${service}: ${denied} of ${count} denied`, text].join('\n');
};

const resultObject = (result: Result): object => ({
  apiVersion: 'podnet.dev/v1alpha1',
  kind: 'PolicyExplanation',
  allowed: isAllowed(result),
  differs: result.explanations.some(differs),
  ...(result.service && { service: result.service }),
  connections: result.explanations.map(explanationObject),
});
