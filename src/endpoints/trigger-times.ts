// When the change happened that a write of endpoints answers to, for the annotation from which the latency of the whole
// way is measured. kubernetes staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go (1.36).
import type { Pod, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { podCondition } from '../k8s/pod-state.ts';

type Seen = { readonly service: string; readonly pods: ReadonlyMap<string, string> };

/** Remembers, per Service, the times that were answered already; nothing is decided by them. */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** The oldest trigger since the last call for this Service; undefined if it has no time. */
  next(key: string, service: Stored<Service>, pods: readonly Stored<Pod>[]): string | undefined {
    const before = this.#seen.get(key);
    const times = new Map(
      pods.flatMap((pod) => {
        const time = podCondition(pod, 'Ready')?.lastTransitionTime;
        return time ? [[pod.metadata.name, time] as const] : [];
      }),
    );
    const created = service.metadata.creationTimestamp;
    this.#seen.set(key, { service: created, pods: times });
    if (!before) return created;
    const changed = [...times]
      .filter(([name, time]) => time > (before.pods.get(name) ?? ''))
      .map(([, time]) => time);
    return [...changed, ...(created > before.service ? [created] : [])].sort()[0];
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
