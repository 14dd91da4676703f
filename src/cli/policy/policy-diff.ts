// podnet policy diff: which connections would open and close if policies were applied. The API server says what they
// would become, by a dry run, so that defaults, validation and what kubectl apply takes away are as they would be.
import type { ClusterNetworkPolicy } from '../../k8s/cluster-network-policy.ts';
import type { NetworkPolicy } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { POLICY_DIFF_MANAGER } from '../../policy/foretell.ts';
import type { Flow } from '../../policy/flows/flow.ts';
import { clusterNetworkPolicyRules } from '../../policy/model/cluster-network-policy.ts';
import { diffRows } from '../../policy/model/diff-text.ts';
import { diffAccess } from '../../policy/model/diff.ts';
import type { AccessDiff } from '../../policy/model/diff.ts';
import { networkPolicyRules } from '../../policy/model/network-policy.ts';
import { policyKeyText } from '../../policy/model/rules.ts';
import type { PolicyRules } from '../../policy/model/rules.ts';
import { worldOf } from '../../policy/model/world-of.ts';
import { workloadsOf } from '../../policy/model/workloads.ts';
import type { ClusterRecord } from '../../embedded/cluster-files.ts';
import { connectTo, runningCluster } from '../cluster-client.ts';
import { contextName } from '../kubeconfig.ts';
import { kubectlOutput } from '../kubectl.ts';
import { UserError, print, requireRoot, say } from '../output.ts';
import { renderTable } from '../table.ts';
import { readCluster } from './cluster-world.ts';
import type { ClusterObjects } from './cluster-world.ts';
import { domainsAt } from './domains.ts';
import { flowEffects } from './flow-effects.ts';
import type { FlowEffect } from './flow-effects.ts';
import { flowEndText, flowPortText } from './flow-text.ts';
import { readFlows } from './read-flows.ts';

export type PolicyDiffOptions = {
  readonly files: readonly string[];
  readonly name: string;
  readonly output: 'table' | 'json';
  /** Whether the flows that the nodes have seen are looked at too. */
  readonly againstFlows: boolean;
};

/** Exit code 0 if nothing opens or closes, 1 if something does. */
export const policyDiff = async (options: PolicyDiffOptions): Promise<number> => {
  requireRoot('policy diff');
  const record = runningCluster(options.name);
  const applied = await dryRun(options.files, record);
  const cluster = await readClusterOnce(record);
  const names = cluster.nodes.map(({ metadata }) => metadata.name);
  const world = worldOf(cluster, domainsAt(record, names));
  const after = replaced(world.policies, applied);
  const access = diffAccess(world, after, workloadsOf(cluster.pods));
  const effects = options.againstFlows ? flowEffects(world, after, await seenFlows(record)) : undefined;
  for (const policy of applied) tellProblems(policy);
  if (options.output === 'json') print(JSON.stringify(diffObject(access, effects), null, 2));
  else tell(access, effects);
  return access.changes.length > 0 ? 1 : 0;
};

const readClusterOnce = async (record: ClusterRecord): Promise<ClusterObjects> => {
  const client = connectTo(record);
  try {
    return await readCluster(client, record);
  } finally {
    client.close();
  }
};

const seenFlows = async (record: ClusterRecord): Promise<readonly Flow[]> => {
  const flows: Flow[] = [];
  const isWhole = await readFlows(record, {}, (flow) => void flows.push(flow));
  if (!isWhole) throw new UserError('not every node tells its flows');
  return flows;
};

const tell = (access: AccessDiff, effects: readonly FlowEffect[] | undefined): void => {
  if (access.changes.length > 0) print(renderTable(['CHANGE', 'FROM', 'TO', 'PORTS'], diffRows(access)));
  else say('no connection opens or closes');
  if (!effects) return;
  if (effects.length > 0) print(`\n${renderTable(FLOW_COLUMNS, effects.map(flowRow))}`);
  else say('no flow that was seen is cut or opened');
};

const FLOW_COLUMNS = ['SEEN FLOW', 'FROM', 'TO', 'PORT', 'COUNT', 'BECAUSE'];

const flowRow = ({ effect, flow, because }: FlowEffect): readonly string[] => [
  `is ${effect}`,
  flowEndText(flow.source),
  flowEndText(flow.destination),
  flowPortText(flow),
  String(flow.connections),
  because,
];

/** The policies of the files as they would be stored. */
const dryRun = async (files: readonly string[], record: ClusterRecord): Promise<readonly PolicyRules[]> => {
  const args = ['--context', contextName(record.config.name), 'apply', '--dry-run=server', '-o', 'json'];
  args.push('--field-manager', POLICY_DIFF_MANAGER);
  const text = await kubectlOutput([...args, ...files.flatMap((file) => ['-f', file])], record.kubeconfig);
  if (text === undefined) throw new UserError('the API server does not take these manifests');
  const result = JSON.parse(text) as KubeObject & { readonly items?: readonly KubeObject[] };
  const policies = (result.items ?? [result]).flatMap(rulesOf);
  if (policies.length === 0) throw new UserError('there is no policy in these manifests');
  return policies;
};

const rulesOf = (object: KubeObject): readonly PolicyRules[] => {
  if (object.kind === 'NetworkPolicy') return [networkPolicyRules(object as NetworkPolicy)];
  if (object.kind === 'ClusterNetworkPolicy')
    return [clusterNetworkPolicyRules(object as ClusterNetworkPolicy)];
  return [];
};

const replaced = (
  policies: readonly PolicyRules[],
  applied: readonly PolicyRules[],
): readonly PolicyRules[] => {
  const byKey = new Map([...policies, ...applied].map((policy) => [policyKeyText(policy.key), policy]));
  return [...byKey.values()];
};

const tellProblems = ({ key, problems }: PolicyRules): void => {
  for (const problem of problems) say(`warning: ${policyKeyText(key)}: ${problem}`);
};

const diffObject = ({ changes }: AccessDiff, effects: readonly FlowEffect[] | undefined): object => ({
  apiVersion: 'podnet.dev/v1alpha1',
  kind: 'PolicyDiff',
  changes: changes.map(({ from, to, family, opens, closes }) => ({
    from,
    to,
    ...(family && { family: `IPv${family}` }),
    opens,
    closes,
  })),
  ...(effects && { flows: effects }),
});
