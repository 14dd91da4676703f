// One worker per pod, level-triggered: look at the pod and its containers, launch what the plan says, write the status.
// Everything that takes time is an operation beside the worker; its end wakes the worker again.
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Stored } from '../../k8s/objects.ts';
import { pods } from '../../k8s/resources.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { PodSandboxStatus, RuntimeEvent } from '../../runtime/runtime.ts';
import { Prober } from '../probes/prober.ts';
import { podStatus } from '../status/pod-status.ts';
import { offerStatus, writeStatus } from '../status/status-writer.ts';
import type { PodContext } from './context.ts';
import { deadlineMs } from './ending.ts';
import { observe } from './observe.ts';
import { createOperations } from './operations.ts';
import type { Operations } from './operations.ts';
import { operationOf, podActions } from './pod-actions.ts';
import type { PodAction } from './pod-actions.ts';
import { adoptPod, newRecord, viewOf } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { isRunning, specOf } from './pod-view.ts';
import type { PodView } from './pod-view.ts';
import { countPodStart } from './start-figures.ts';
import { createVolumeRefresh } from './volume-refresh.ts';
import type { VolumeRefresh } from './volume-refresh.ts';

/** Looking at a pod costs next to nothing; what costs is limited by the slots. */
const CONCURRENCY = 64;

export class PodWorkers {
  readonly #context: PodContext;
  readonly #records = new Map<string, PodRecord>();
  readonly #loop: Loop;
  readonly #prober: Prober;
  readonly #operations: Operations;
  readonly #volumes: VolumeRefresh;

  constructor(context: PodContext) {
    this.#context = context;
    this.#loop = startKeyedLoop({
      name: 'kubelet',
      reconcile: (uid) => this.#reconcile(uid),
      concurrency: CONCURRENCY,
      clock: context.clock,
      log: context.log,
    });
    this.#prober = new Prober(context, (uid) => this.#loop.mark(uid));
    this.#volumes = createVolumeRefresh(context);
    this.#operations = createOperations(context, (record) => this.#writeFinalStatus(record));
  }

  /** A pod of this node as the API has it. `sandbox`: one that is there from before this kubelet started. */
  update(pod: Stored<Pod>, sandbox?: PodSandboxStatus): void {
    const { uid } = pod.metadata;
    const record = this.#records.get(uid) ?? newRecord(pod, this.#context.clock.now());
    this.#records.set(uid, record);
    adoptPod(record, pod);
    if (sandbox) record.sandbox = sandbox;
    this.#loop.mark(uid);
  }

  /** The pod is no longer in the API. */
  gone(last: Stored<Pod>): void {
    const record = this.#records.get(last.metadata.uid);
    if (!record) return;
    adoptPod(record, last);
    record.isGone = true;
    this.#loop.mark(record.uid);
  }

  /** O(pods of the node). */
  runtimeEvent({ sandboxId }: RuntimeEvent): void {
    const record = [...this.#records.values()].find(({ sandbox }) => sandbox?.id === sandboxId);
    if (record) this.#loop.mark(record.uid);
  }

  /** The record of a pod by `namespace/name`: the one that is in the API rather than one that still ends. O(pods). */
  find(key: string): PodRecord | undefined {
    const found = [...this.#records.values()].filter(({ pod }) => keyOf(pod) === key);
    return found.find(({ isGone }) => !isGone) ?? found[0];
  }

  list(): readonly Stored<Pod>[] {
    return [...this.#records.values()].map(({ pod }) => pod);
  }

  /** What is being made is finished, so that the runtime knows all that there is. */
  async stop(): Promise<void> {
    this.#volumes.stop();
    await Promise.all([this.#loop.stop(), this.#context.slots.close()]);
    this.#prober.stop(); // last: a worker under way starts probes
    await Promise.all([...this.#records.values()].flatMap(({ statusWrite }) => statusWrite ?? []));
  }

  async #reconcile(uid: string): Promise<void | { readonly afterMs: number }> {
    const record = this.#records.get(uid);
    if (!record || record.busy.has('tear-down')) return;
    if (record.isTornDown) return this.#finish(record);
    const { runtime, folders, clock, node } = this.#context;
    await observe(runtime, folders, record);
    this.#prober.sync(record, probedContainers(this.#view(record)));
    for (const action of podActions(this.#view(record))) this.#launch(record, action);
    this.#wakeAtDeadline(record);
    this.#volumes.followLabels(record);
    if (record.isGone || record.busy.has('tear-down')) return;
    const status = podStatus(this.#view(record), node.addresses);
    countPodStart(record, status, clock.now());
    return offerStatus(this.#context, record, status, () => this.#loop.mark(uid));
  }

  #view(record: PodRecord): PodView {
    return viewOf(record, this.#prober.states, this.#context.clock.now());
  }

  #launch(record: PodRecord, action: PodAction): void {
    if (action.kind === 'wake') return this.#wakeAt(record, action.atMs);
    const operation = operationOf(action);
    if (!operation) return this.#operations.note(record, action);
    record.busy.add(operation);
    void this.#operations.run(record, action, operation).then(() => {
      record.busy.delete(operation);
      if (action.kind === 'set-up-volumes' && record.hasVolumes) this.#volumes.keepFresh(record);
      this.#loop.mark(record.uid);
    });
  }

  #wakeAt(record: PodRecord, atMs: number): void {
    this.#loop.markAfter(record.uid, Math.max(0, atMs - this.#context.clock.now()));
  }

  #wakeAtDeadline(record: PodRecord): void {
    const atMs = deadlineMs(record.pod);
    if (atMs !== undefined && atMs > this.#context.clock.now()) this.#wakeAt(record, atMs);
  }

  /** The status with which the pod ends, before its traces go. */
  async #writeFinalStatus(record: PodRecord): Promise<void> {
    await record.statusWrite;
    while (!record.isGone) {
      const view = { ...this.#view(record), busy: new Set<string>() }; // nothing else is under way any more
      const status = podStatus(view, this.#context.node.addresses);
      if (JSON.stringify(status) === record.sentStatus) return;
      try {
        return await writeStatus(this.#context.client, record, status);
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error)) throw error; // the newer version has been taken: once more
      }
    }
  }

  /** The last step: the object goes, and then the record. */
  async #finish(record: PodRecord): Promise<void> {
    if (record.isGone) return void this.#records.delete(record.uid);
    const { name, namespace, finalizers, deletionGracePeriodSeconds } = record.pod.metadata;
    if (finalizers?.length && deletionGracePeriodSeconds === 0) return; // said already: others have to let it go
    try {
      const request = { uid: record.uid, gracePeriodSeconds: 0 };
      await this.#context.client.delete(pods, { name, namespace }, request);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error; // gone already, or another pod of that name
    }
  }
}

const probedContainers = (view: PodView) => {
  const { containers, initContainers = [] } = specOf(view);
  return [...initContainers, ...containers].flatMap((container) => {
    const status = view.containers.findLast(
      ({ name, state }) => name === container.name && state === 'running',
    );
    return isRunning(view, status) ? [{ container, status }] : [];
  });
};
