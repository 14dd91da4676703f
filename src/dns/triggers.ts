// How long it takes from a change in the cluster to the answers: CoreDNS' dns_programming_duration, for headless Services
// with a selector. When it began is said by the endpoints controller.
import type { EndpointSlice } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { parseTime } from '../k8s/time.ts';
import type { Clock } from '../lang/clock.ts';
import { programmingSeconds } from './metrics.ts';

const ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

export class Triggers {
  readonly #clock: Clock;
  readonly #beganMsByKey = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `key` is marked dirty because of this slice. The first change counts that is not yet answered for. */
  changed(key: string, { metadata }: Stored<EndpointSlice>): void {
    const beganMs = parseTime(metadata.annotations?.[ANNOTATION]);
    if (Number.isNaN(beganMs)) return;
    this.#beganMsByKey.set(key, Math.min(beganMs, this.#beganMsByKey.get(key) ?? Infinity));
  }

  done(key: string): void {
    const beganMs = this.#beganMsByKey.get(key);
    if (beganMs === undefined) return;
    this.#beganMsByKey.delete(key);
    programmingSeconds.observe(Math.max(0, this.#clock.now() - beganMs) / 1000, 'headless_with_selector');
  }
}
