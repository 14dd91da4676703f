// Follows changes from the moment they are heard of to the sync that carries them, for the metrics.
import type { EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import type { Clock } from '../lang/clock.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';
import * as metrics from './metrics.ts';
import { serviceOfSlice } from './select.ts';

/** Written by whoever writes the slice: when the change happened that it answers to. */
const TRIGGER_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

type Trigger = { readonly atMs: number; readonly family: string };

export class SyncMeter {
  readonly #clock: Clock;
  readonly #startMs: number;
  /** By Service, those of slices whose Service has not been applied since. */
  readonly #triggers = new Map<string, Trigger[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  heardService(): void {
    metrics.serviceChanges.inc(1);
    metrics.serviceChangesPending.add(1);
    metrics.lastQueued.set(this.#clock.now() / 1000);
  }

  heardSlice(before: Stored<EndpointSlice> | undefined, after: Stored<EndpointSlice> | undefined): void {
    metrics.endpointChanges.inc(1);
    metrics.endpointChangesPending.add(1);
    metrics.lastQueued.set(this.#clock.now() / 1000);
    const trigger = after?.metadata.annotations?.[TRIGGER_ANNOTATION];
    if (!after || trigger === undefined || trigger === before?.metadata.annotations?.[TRIGGER_ANNOTATION])
      return;
    const service = serviceOfSlice(after);
    const atMs = Date.parse(trigger);
    // what happened before this agent started is not its latency
    if (service === undefined || !(atMs >= this.#startMs)) return;
    const triggers = this.#triggers.get(service);
    if (triggers) triggers.push({ atMs, family: after.addressType });
    else this.#triggers.set(service, [{ atMs, family: after.addressType }]);
  }

  /** Runs a sync of these Services, of all that there are or of those that changed; it returns those that failed. */
  async measure(
    kind: 'full' | 'partial',
    services: ReadonlySet<string>,
    sync: () => Promise<ReadonlySet<string>>,
  ): Promise<ReadonlySet<string>> {
    const seconds = startStopwatch();
    metrics.serviceChangesPending.set(0);
    metrics.endpointChangesPending.set(0);
    try {
      const failed = await sync();
      if (failed.size > 0) metrics.syncFailures.inc(1);
      else metrics.lastSync.set(this.#clock.now() / 1000);
      this.#programmed(services, failed);
      return failed;
    } catch (error) {
      metrics.syncFailures.inc(1);
      throw error;
    } finally {
      const elapsed = seconds();
      metrics.syncSeconds.observe(elapsed);
      (kind === 'full' ? metrics.fullSyncSeconds : metrics.partialSyncSeconds).observe(elapsed);
    }
  }

  #programmed(services: ReadonlySet<string>, failed: ReadonlySet<string>): void {
    if (this.#triggers.size === 0) return;
    const nowMs = this.#clock.now();
    for (const service of services) {
      if (failed.has(service)) continue;
      for (const { atMs, family } of this.#triggers.get(service) ?? [])
        metrics.programmingSeconds.observe((nowMs - atMs) / 1000, family);
      this.#triggers.delete(service);
    }
  }
}
