// The scheduler: gives each waiting pod a node. A decision is taken in one go and remembered at once, so that the next
// pod sees it; the writes follow side by side.
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { whenAllSynced } from '../informer/informer.ts';
import type { Change, Informer } from '../informer/informer.ts';
import { isConflict, isNotFound, unlessGone } from '../k8s/api-error.ts';
import type {
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
} from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { isPodActive, isPodFinished } from '../k8s/pod-state.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { type Controllers, fedBy, startWhenSynced } from '../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import { bind, preempt, reportUnschedulable } from './apply.ts';
import type { PlacementWriter } from './apply.ts';
import { claimReason } from './claims.ts';
import { type Decision, compilePlacement, unschedulableAnywhere } from './compile.ts';
import { countAttempt, unschedulablePods } from './metrics.ts';
import { selectNode, selectPod } from './select.ts';
import type { NodeFacts } from './select.ts';
import { Usage } from './state.ts';
import type { Placement } from './world.ts';

export type SchedulerOptions = {
  readonly client: ApiClient;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly namespaces: Informer<Namespace>;
  readonly persistentVolumeClaims: Informer<PersistentVolumeClaim>;
  readonly podDisruptionBudgets: Informer<PodDisruptionBudget>;
  readonly clock: Clock;
  readonly log: Log;
};

type Waiting = Extract<Decision, { readonly kind: 'unschedulable' }>;

const NAME = 'default-scheduler';
const CONCURRENCY = 64;
/** A pod that no node can take is tried again when nodes or pods change, and this often in any case. */
const RETRY_UNSCHEDULABLE_MS = 300_000;

/** Starts when the informers have synced. */
export const startScheduler = (options: SchedulerOptions): Controllers =>
  startWhenSynced(
    whenAllSynced(
      options.pods,
      options.nodes,
      options.namespaces,
      options.persistentVolumeClaims,
      options.podDisruptionBudgets,
    ),
    () => [new Scheduling(options).loop],
  );

class Scheduling {
  /** With the subscriptions that feed it. */
  readonly loop: Loop;
  readonly #loop: Loop;
  readonly #options: SchedulerOptions;
  readonly #writer: PlacementWriter;
  readonly #usage = new Usage();
  readonly #factsByNode = new Map<string, NodeFacts>();
  /** By uid: waiting pods that room is being made for. */
  readonly #nominated = new Map<string, Placement>();
  /** Keys of pods that no node could take at the last try. */
  readonly #unschedulable = new Set<string>();
  /** Those of them that look at the pods around them. */
  readonly #lookingAround = new Set<string>();

  constructor(options: SchedulerOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    this.#writer = { client, clock, events: createEventRecorder({ client, component: NAME, clock, log }) };
    this.#loop = startKeyedLoop({
      name: 'scheduler',
      concurrency: CONCURRENCY,
      isExpected: isConflict,
      reconcile: (key) => this.#schedule(key),
      clock,
      log,
    });
    this.loop = fedBy(this.#loop, [
      options.nodes.subscribe((change) => this.#hearNode(change)),
      options.pods.subscribe((change) => this.#hearPod(change)),
      options.persistentVolumeClaims.subscribe(() => this.#retryUnschedulable()),
    ]);
  }

  #hearNode({ key, after }: Change<Node>): void {
    const facts = after && selectNode(after);
    if (isDeepStrictEqual(facts, this.#factsByNode.get(key))) return; // a heartbeat
    if (facts) this.#factsByNode.set(key, facts);
    else this.#factsByNode.delete(key);
    this.#retryUnschedulable();
  }

  #hearPod({ key, before, after }: Change<Pod>): void {
    if (after && isWaiting(after)) {
      this.#nominate(after, after.status?.nominatedNodeName);
      if (!before || asksForMore(before, after)) this.#loop.mark(key);
      return;
    }
    this.#forgetUnschedulable(key);
    this.#nominated.delete((after ?? before)!.metadata.uid);
    const node = after?.spec?.nodeName;
    if (after && node && !isPodFinished(after)) {
      this.#place(after, node);
      if (!before?.spec?.nodeName) this.#retryRelated();
      return;
    }
    this.#free((after ?? before)!.metadata.uid);
  }

  /** The room that the pod had, or was about to have, may be what another waits for. */
  #free(uid: string): void {
    if (this.#usage.nodeOf(uid) === undefined) return;
    this.#usage.remove(uid);
    this.#retryUnschedulable();
  }

  /** Status changes of a bound pod come often and change nothing here. */
  #place(pod: Stored<Pod>, node: string): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const isEnding = deletionTimestamp !== undefined;
    if (this.#usage.nodeOf(uid) !== node || this.#usage.isEnding(uid) !== isEnding)
      this.#usage.place(selectPod(pod), node);
  }

  #nominate(pod: Stored<Pod>, node: string | undefined): void {
    if (node) this.#nominated.set(pod.metadata.uid, { pod: selectPod(pod), node });
    else this.#nominated.delete(pod.metadata.uid);
  }

  #forgetUnschedulable(key: string): void {
    this.#lookingAround.delete(key);
    if (this.#unschedulable.delete(key)) unschedulablePods.set(this.#unschedulable.size, 'unschedulable');
  }

  #retryUnschedulable(): void {
    for (const key of this.#unschedulable) this.#loop.mark(key);
  }

  /** Pods that look at the pods around them: one more is placed. */
  #retryRelated(): void {
    for (const key of this.#lookingAround) this.#loop.mark(key);
  }

  async #schedule(key: string): Promise<void | { readonly afterMs: number }> {
    const pod = this.#options.pods.get(key);
    if (!pod || !isWaiting(pod) || this.#usage.nodeOf(pod.metadata.uid)) return undefined;
    const result = await countAttempt(NAME, () => this.#attempt(key, pod));
    return result === 'unschedulable' ? { afterMs: RETRY_UNSCHEDULABLE_MS } : undefined;
  }

  async #attempt(key: string, pod: Stored<Pod>): Promise<'scheduled' | 'unschedulable'> {
    const decision = this.#decide(pod);
    if (decision.kind === 'unschedulable') {
      this.#unschedulable.add(key);
      if (looksAround(pod.spec)) this.#lookingAround.add(key);
      unschedulablePods.set(this.#unschedulable.size, 'unschedulable');
      await unlessGone(this.#wait(pod, decision));
      return 'unschedulable';
    }
    this.#forgetUnschedulable(key);
    this.#usage.place(selectPod(pod), decision.node);
    await this.#bind(key, pod, decision.node);
    return 'scheduled';
  }

  #decide(pod: Stored<Pod>): Decision {
    const { persistentVolumeClaims, namespaces, podDisruptionBudgets } = this.#options;
    const nodes = [...this.#factsByNode.values()];
    const reason = claimReason(pod, (key) => persistentVolumeClaims.get(key));
    if (reason) return unschedulableAnywhere(reason, nodes.length);
    return compilePlacement(pod, {
      nodes,
      usage: this.#usage,
      nominated: [...this.#nominated.values()],
      namespaceLabels: (name) => {
        const namespace = namespaces.get(name);
        return namespace && (namespace.metadata.labels ?? {});
      },
      budgets: podDisruptionBudgets.list(),
    });
  }

  /** Until something changes: perhaps the end of the pods that make room for it. */
  async #wait(pod: Stored<Pod>, { message, nominated, preemption }: Waiting): Promise<void> {
    this.#nominate(pod, nominated);
    await reportUnschedulable(this.#writer, pod, message, nominated);
    if (preemption) await preempt(this.#writer, pod, preemption);
  }

  /** Where the pod did not get is free again; perhaps someone else has bound it meanwhile. */
  async #bind(key: string, pod: Stored<Pod>, node: string): Promise<void> {
    try {
      await bind(this.#writer, pod, node);
    } catch (error) {
      this.#free(pod.metadata.uid);
      const present = this.#options.pods.get(key);
      if (present?.spec?.nodeName) return this.#place(present, present.spec.nodeName);
      if (!isNotFound(error)) throw error;
    }
  }
}

const isWaiting = (pod: Stored<Pod>): boolean => isPodActive(pod) && !pod.spec?.nodeName && isOurs(pod.spec);

const isOurs = (spec: Pod['spec']): boolean =>
  (spec?.schedulerName ?? NAME) === NAME && (spec?.schedulingGates ?? []).length === 0;

const looksAround = (spec: Pod['spec']): boolean =>
  Boolean(spec?.affinity?.podAffinity ?? spec?.topologySpreadConstraints);

/** Our own condition on a waiting pod is no reason to try again. */
const asksForMore = (before: Stored<Pod>, after: Stored<Pod>): boolean =>
  !isDeepStrictEqual(before.spec, after.spec) ||
  !isDeepStrictEqual(before.metadata.labels, after.metadata.labels);
