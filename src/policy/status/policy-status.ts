// The controller of the condition Enforced: true when the kernel of every Ready node has the policy.
//
//   agent: transaction done ─► Lease of its node says what it holds ─► here: which policies are in there? ─► status
import type { ApiClient } from '../../client/client.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import { whenAllSynced } from '../../informer/informer.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Condition, Lease, Namespace, Node, Pod } from '../../k8s/generated/types.ts';
import { nodeCondition } from '../../k8s/node-state.ts';
import { joinKey, keyOf } from '../../k8s/objects.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { rememberEach } from '../../lang/remember.ts';
import { type Controllers, fedBy, startWhenSynced } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { selectsPod } from '../model/rules.ts';
import type { PolicyRules } from '../model/rules.ts';
import { policyPodOf } from '../model/world.ts';
import { isEnforced, withEnforced } from './condition.ts';
import { LEASE_NAMESPACE, heldAnnotation } from './held.ts';
import { createHeldHistory } from './held-history.ts';
import type { HeldHistory } from './held-history.ts';

export type Policy = KubeObject & {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
};

/** One kind of policies. */
export type PolicySource<T extends Policy = Policy> = {
  /** The kind in all versions in which its objects may come. */
  readonly resources: readonly [Resource<T>, ...Resource<T>[]];
  /** With `policyStatusIndexes.policies`. */
  readonly informer: Informer<T>;
  readonly rulesOf: (policy: Stored<T>) => PolicyRules;
};

export type PolicyStatusOptions = {
  readonly client: Pick<ApiClient, 'updateStatus'>;
  /** With `policyStatusIndexes.pods`. */
  readonly pods: Informer<Pod>;
  readonly namespaces: Informer<Namespace>;
  readonly nodes: Informer<Node>;
  readonly leases: Informer<Lease>;
  readonly clock: Clock;
  readonly log: Log;
};

const BY_NAMESPACE = 'policy-status/namespace';

/** Under '' what is cluster-wide. */
const byNamespace = {
  [BY_NAMESPACE]: ({ metadata }: Stored<KubeObject>): readonly string[] => [metadata.namespace ?? ''],
};

export const policyStatusIndexes = { policies: byNamespace, pods: byNamespace } as const;

/** Most policies are in every kernel before this time: they get one status, not two. */
const PENDING_MS = 300;
/** Pods come and go together. */
const POD_UPDATES_MS = 100;

/** Starts when the informers have synced: before that, absence means nothing. */
export const startPolicyStatus = <T extends Policy>(
  options: PolicyStatusOptions,
  source: PolicySource<T>,
): Controllers =>
  startWhenSynced(
    whenAllSynced(source.informer, options.pods, options.namespaces, options.nodes, options.leases),
    () => [startLoop(options, source)],
  );

type Context<T extends Policy> = PolicyStatusOptions &
  PolicySource<T> & {
    readonly history: HeldHistory;
    /** The policies that some node does not have, and since when that has been seen. */
    readonly waitingSinceMs: Map<string, number>;
  };

const startLoop = <T extends Policy>(options: PolicyStatusOptions, source: PolicySource<T>): Loop => {
  const { pods, namespaces, nodes, leases, clock, log } = options;
  const { resources, informer } = source;
  const context: Context<T> = {
    ...options,
    ...source,
    rulesOf: rememberEach(source.rulesOf),
    history: createHeldHistory(),
    waitingSinceMs: new Map(),
  };
  const loop = startKeyedLoop({
    name: `status-of-${resources[0].resource}`,
    concurrency: 5,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(context, key),
    clock,
    log,
  });
  const markWaiting = (): void => {
    for (const key of context.waitingSinceMs.keys()) loop.mark(key);
  };
  const annotation = heldAnnotation(resources[0]);
  return fedBy(loop, [
    informer.subscribe(({ key, before, after }) => {
      context.history.set(key, after);
      if (before?.metadata.generation !== after?.metadata.generation) context.waitingSinceMs.delete(key);
      loop.mark(key);
    }),
    leases.subscribe(({ before, after }) => {
      const [was, is] = [before, after].map((lease) => lease?.metadata.annotations?.[annotation]);
      if (was !== is) markWaiting();
    }),
    nodes.subscribe(({ before, after }) => {
      if (isReady(before) !== isReady(after)) markWaiting();
    }),
    pods.subscribe((change) => {
      for (const key of policiesTouched(context, change)) loop.markAfter(key, POD_UPDATES_MS);
    }),
    namespaces.subscribe(() => {
      for (const policy of informer.byIndex(BY_NAMESPACE, '')) loop.markAfter(keyOf(policy), POD_UPDATES_MS);
    }),
  ]);
};

const isReady = (node: Stored<Node> | undefined): boolean =>
  node !== undefined && nodeCondition(node, 'Ready')?.status === 'True';

/** Those that select the pod now and did not before, or the other way round. */
const policiesTouched = <T extends Policy>(
  context: Context<T>,
  { before, after }: Change<Pod>,
): readonly string[] => {
  const namespace = (after ?? before)?.metadata.namespace ?? '';
  return ['', namespace]
    .flatMap((index) => context.informer.byIndex(BY_NAMESPACE, index))
    .filter((policy) => isSubject(context, policy, before) !== isSubject(context, policy, after))
    .map(keyOf);
};

const isSubject = <T extends Policy>(
  { rulesOf, namespaces }: Context<T>,
  policy: Stored<T>,
  pod: Stored<Pod> | undefined,
): boolean => {
  const candidate = pod && policyPodOf(pod);
  if (!candidate) return false;
  const labels = namespaces.get(candidate.namespace)?.metadata.labels;
  return selectsPod(rulesOf(policy).subject, candidate, labels);
};

const reconcile = async <T extends Policy>(
  context: Context<T>,
  key: string,
): Promise<void | { readonly afterMs: number }> => {
  const { informer, clock, waitingSinceMs } = context;
  const policy = informer.get(key);
  if (!policy) return void waitingSinceMs.delete(key);
  const conditions = policy.status?.conditions ?? [];
  const facts = factsOf(context, policy);
  if (facts.waiting.length === 0 || isEnforced(conditions, facts.generation)) waitingSinceMs.delete(key);
  else {
    const sinceMs = waitingSinceMs.get(key) ?? clock.now();
    waitingSinceMs.set(key, sinceMs);
    const afterMs = sinceMs + PENDING_MS - clock.now();
    if (afterMs > 0) return { afterMs };
  }
  const wanted = withEnforced(conditions, facts, clock.now());
  if (wanted !== conditions) await writeStatus(context, policy, wanted);
  return undefined;
};

const factsOf = <T extends Policy>(
  context: Context<T>,
  policy: Stored<T>,
): Parameters<typeof withEnforced>[1] => {
  const { rulesOf, nodes, leases, history, resources, pods } = context;
  const key = keyOf(policy);
  const ready = nodes.list().filter(isReady);
  const annotation = heldAnnotation(resources[0]);
  const heldOn = (node: string): string | undefined =>
    leases.get(joinKey(LEASE_NAMESPACE, node))?.metadata.annotations?.[annotation];
  const names = ready.map(({ metadata }) => metadata.name);
  const { namespace } = policy.metadata;
  const candidates = namespace === undefined ? pods.list() : pods.byIndex(BY_NAMESPACE, namespace);
  return {
    generation: policy.metadata.generation ?? 0,
    problems: rulesOf(policy).problems,
    nodes: names,
    waiting: names.filter((name) => !history.has(heldOn(name), key)),
    selectsPods: candidates.some((pod) => isSubject(context, policy, pod)),
  };
};

const writeStatus = async <T extends Policy>(
  { client, resources }: Context<T>,
  policy: Stored<T>,
  conditions: readonly Condition[],
): Promise<void> => {
  const resource = resources.find((each) => apiVersionOf(each) === policy.apiVersion) ?? resources[0];
  const next: Stored<Policy> = { ...policy, status: { ...policy.status, conditions } };
  await client.updateStatus<Policy>(resource, next);
};
