// Whether the proxy keeps up, and whether the node should get traffic from outside: /healthz and /livez of port 10256,
// with kube-proxy's answers (pkg/proxy/healthcheck/proxy_health.go, 1.36; KEP-3836).
import type { Node } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Answer } from './http-listener.ts';

/** Set by the cluster autoscaler before it takes a node away. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** kube-proxy's: twice its sync period of 30 s. */
const LATE_MS = 60_000;

/** False for a node that is about to go: load balancers are to drain it. */
export const isEligible = (node: Stored<Node> | undefined): boolean =>
  !node?.metadata.deletionTimestamp && !(node?.spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);

export class ProxyHealth {
  readonly #clock: Clock;
  #lastUpdatedMs = 0;
  #oldestQueuedMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something changed that is not in the kernel yet. */
  queued(): void {
    this.#oldestQueuedMs ??= this.#clock.now();
  }

  /** Everything is in the kernel. */
  updated(): void {
    this.#oldestQueuedMs = undefined;
    this.#lastUpdatedMs = this.#clock.now();
  }

  /** False while a change has been waiting for longer than a minute. */
  get isHealthy(): boolean {
    return this.#oldestQueuedMs === undefined || this.#clock.now() - this.#oldestQueuedMs < LATE_MS;
  }

  /** Of port 10256; undefined for a path that is not there. */
  answer(path: string, node: Stored<Node> | undefined): Answer | undefined {
    const nodeEligible = isEligible(node);
    switch (path.split('?')[0]) {
      case '/healthz':
        return this.#answerOf(this.isHealthy && nodeEligible, { nodeEligible });
      case '/livez':
        return this.#answerOf(this.isHealthy, {});
      default:
        return undefined;
    }
  }

  /** As in kube-proxy, who is healthy was updated just now, even if there was nothing to do. */
  #answerOf(isFine: boolean, more: Readonly<Record<string, unknown>>): Answer {
    const now = this.#clock.now();
    return {
      status: isFine ? 200 : 503,
      body: { lastUpdated: timeText(isFine ? now : this.#lastUpdatedMs), currentTime: timeText(now), ...more },
    };
  }
}

const timeText = (ms: number): string => new Date(ms).toISOString();
