// The policies of a node: what its pods may send and receive, by nftables. See README.md for the picture.
import type { EventRecorder } from '../client/event-recorder.ts';
import { whenAllSynced } from '../informer/informer.ts';
import { pods as podResource } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { startUpkeep } from '../kernel/nft-upkeep.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import type { PolicyCompiler } from './compile/policy-compiler.ts';
import type { Touched } from './compile/touched.ts';
import type { PolicyTableOptions } from './kernel/policy-table.ts';
import { startCutting } from './cutting.ts';
import { followWorld } from './live-world.ts';
import type { LiveWorld, PolicySources } from './live-world.ts';
import { Locals } from './locals.ts';
import type { Sandbox, SandboxPod } from './locals.ts';
import * as metrics from './metrics.ts';
import { createDomainNames } from './names/domain-names.ts';
import type { DomainNames } from './names/domain-names.ts';
import type { NamesFile } from './names/names-file.ts';
import { createPodGate } from './pod-gate.ts';
import type { PodGate } from './pod-gate.ts';
import { PolicySync } from './policy-sync.ts';
import { followHeld } from './status/follow-held.ts';

export type PolicyAgentOptions = PolicyTableOptions & {
  readonly sources: PolicySources;
  readonly compiler: PolicyCompiler;
  /** What becomes of connections that policies no longer allow. */
  readonly liveConnections: 'cut' | 'keep';
  /** What DNS told of names is kept there for the agent that comes after this one. */
  readonly namesFile?: NamesFile;
  /** For the pods whose policies are late. */
  readonly recorder: EventRecorder;
  /** What of a kind of policies the kernel holds now: see status/held.ts. */
  readonly onHeld: (resource: Resource, held: string) => void;
  readonly clock: Clock;
  readonly log: Log;
};

export type PolicyAgent = {
  /** For the pod network: it is there before the agent is started. */
  readonly gate: PodGate;
  /**
   * Makes the table, or takes up the one that is there, and follows the sources. `sandboxes` are those of this node. To be
   * called in the node's network namespace, once. Nothing is taken away before the sources have synced.
   */
  readonly start: (sandboxes: readonly Sandbox[]) => void;
  /** Resolves when all policies that were there at the start are in the kernel. */
  readonly whenSynced: () => Promise<void>;
  readonly world: Pick<LiveWorld, 'now' | 'evaluator'>;
  /** For the cluster DNS: it answers with addresses of names that rules have when they are in the kernel. */
  readonly names: Pick<DomainNames, 'isWatched' | 'learn' | 'subscribe'>;
  /** Stops following; what is in the kernel stays there and works. */
  readonly stop: () => Promise<void>;
};

/** The loop has one key: all that is new goes into one transaction. */
const ALL = 'all';

export const createPolicyAgent = (options: PolicyAgentOptions): PolicyAgent => {
  const { sources, compiler, recorder, clock, log } = options;
  const stops: (() => void)[] = [];
  const synced = Promise.withResolvers<void>();
  const uids = new Map<string, string>();
  const locals = new Locals({ compiler, uids });
  const cutting = startCutting({
    ...options,
    evaluator: () => world.evaluator(),
    locals: () => locals.addresses(),
  });
  const onCommitted = ({ subjects, peers }: Touched): void => {
    names.refresh();
    gate.look();
    if (sync.isComplete) held.tell();
    cutting.touch(subjects.union(peers));
  };
  const sync = new PolicySync({ ...options, locals, onCommitted });
  const flush = (): void => {
    sync.mark();
    sync.flush();
  };
  const names = createDomainNames({ ...options, flush, file: options.namesFile });
  const loop = startLoop({
    name: 'policies',
    apply: async () => {
      if (sync.isComplete) sync.flush();
      return new Set();
    },
    clock,
    log,
  });
  const onChange = (): void => {
    sync.mark();
    loop.mark(ALL);
  };
  const onTimeout = (pod: SandboxPod, waitedMs: number): void => tellLate(recorder, pod, waitedMs);
  const gate = createPodGate({ sync, locals, onChange, onTimeout, clock });
  const onPod = (key: string): void => locals.refresh(key);
  const world = followWorld({ sources, compiler, domains: names.told, uids, onChange, onPod });
  // after the world: what it has heard of is compiled by then
  const held = followHeld({ ...sources, onChange: () => loop.mark(ALL), onHeld: options.onHeld });
  const begin = async (): Promise<void> => {
    await whenSourcesSynced(sources);
    names.restore();
    sync.complete();
    stops.push(startTableUpkeep(sync, () => loop.mark(ALL), options));
    loop.mark(ALL);
    await loop.whenIdle();
    synced.resolve();
  };
  return {
    gate,
    start: (sandboxes) => {
      for (const sandbox of sandboxes) locals.add(sandbox);
      sync.open();
      void begin();
    },
    whenSynced: () => synced.promise,
    world,
    names,
    stop: async () => {
      world.stop();
      held.stop();
      names.stop();
      for (const stop of stops) stop();
      await Promise.all([loop.stop(), cutting.stop()]);
    },
  };
};

const whenSourcesSynced = (sources: PolicySources): Promise<void> =>
  whenAllSynced(
    sources.pods,
    sources.namespaces,
    sources.nodes,
    sources.networkPolicies,
    sources.clusterNetworkPolicies,
  );

/** Puts right what others change in the table. */
const startTableUpkeep = (
  sync: PolicySync,
  again: () => void,
  { clock, log }: Pick<PolicyAgentOptions, 'clock' | 'log'>,
): (() => void) =>
  startUpkeep({
    what: 'the policies in the kernel',
    verify: () => sync.verify(),
    repair: () => {
      metrics.repairs.inc(1);
      sync.distrust();
      again();
    },
    clock,
    log,
  });

const tellLate = (recorder: EventRecorder, { namespace, name, uid }: SandboxPod, waitedMs: number): void => {
  metrics.lateGates.inc(1);
  recorder.record(
    podResource,
    { metadata: { namespace, name, uid, resourceVersion: '', creationTimestamp: '' } },
    {
      type: 'Warning',
      reason: 'NetworkPolicyNotReady',
      message: `Policies were not in the kernel after ${waitedMs / 1000} s: starting with the network closed until they are`,
    },
  );
};
