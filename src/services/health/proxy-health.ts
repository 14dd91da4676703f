// Whether the proxy keeps up, and whether the node should get traffic from outside: /healthz and /livez of port 10256,
// with kube-proxy's answers (pkg/proxy/healthcheck/proxy_health.go, 1.36; KEP-3836).
import type { Node } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import { healthz, livez } from '../metrics.ts';
import type { Answer } from './http-listener.ts';

/** Set by the cluster autoscaler before it takes a node away. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** kube-proxy's: twice its sync period of 30 s. */
const LATE_MS = 60_000;

/** False for a node that is about to go: load balancers are to drain it. */
const isEligible = (node: Stored<Node> | undefined): boolean =>
  !node?.metadata.deletionTimestamp && !(node?.spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);

export class ProxyHealth {
  readonly #clock: Clock;
  #lastUpdatedMs = 0;
  /** When the oldest of the changes came that wait, and of those that are being written. */
  #queuedMs: number | undefined;
  #writingMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A change came that is not in the kernel yet. */
  queued(): void {
    this.#queuedMs ??= this.#clock.now();
  }

  /** Wraps the writing of all changes so far: while it fails, they are not written. */
  async writing<T>(write: () => Promise<T>): Promise<T> {
    this.#writingMs ??= this.#queuedMs;
    this.#queuedMs = undefined;
    const result = await write();
    this.#writingMs = undefined;
    this.#lastUpdatedMs = this.#clock.now();
    return result;
  }

  /** False while a change has been waiting for a minute. */
  get isHealthy(): boolean {
    const sinceMs = this.#writingMs ?? this.#queuedMs;
    return sinceMs === undefined || this.#clock.now() - sinceMs < LATE_MS;
  }

  /** Of port 10256; undefined for a path that is not there. */
  answer(path: string, node: Stored<Node> | undefined): Answer | undefined {
    const nodeEligible = isEligible(node);
    const bare = path.replace(/\?.*/, '');
    if (bare === '/healthz')
      return counted(healthz, this.#answerOf(this.isHealthy && nodeEligible, { nodeEligible }));
    if (bare === '/livez') return counted(livez, this.#answerOf(this.isHealthy, {}));
    return undefined;
  }

  /** As in kube-proxy, who is healthy was updated just now, even if there was nothing to do. */
  #answerOf(isFine: boolean, more: Readonly<Record<string, unknown>>): Answer {
    const now = this.#clock.now();
    return {
      status: isFine ? 200 : 503,
      body: {
        lastUpdated: timeText(isFine ? now : this.#lastUpdatedMs),
        currentTime: timeText(now),
        ...more,
      },
    };
  }
}

const counted = (counter: typeof healthz, answer: Answer): Answer => {
  counter.inc(1, String(answer.status));
  return answer;
};

const timeText = (ms: number): string => new Date(ms).toISOString();
