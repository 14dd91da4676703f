// One probe of one running container: performs it again and again, and tells when its verdict changes.
//
// A container that has just started is seldom ready at the first look, and a period is ten seconds. So until a
// startup or readiness probe has succeeded once, it is also tried in between: after 0.1 s, 0.2 s, 0.4 s, ... Such early
// tries can only succeed: their failures count for no threshold and raise no event.
import type { Probe } from '../../k8s/generated/types.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Outcome } from './run-probe.ts';
import { isExhausted, newTally, tallyWith } from './tally.ts';
import type { ProbeKind, Tally } from './tally.ts';

export type ProbeWorkerOptions = {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly perform: () => Promise<Outcome>;
  readonly onVerdict: (verdict: boolean) => void;
  readonly onFailure: (message: string) => void;
};

const EARLY_MS = 100;
/** The first try that counts comes this long after the first early one. */
const FIRST_COUNTED_MS = 1000;

export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #tally: Tally;
  #timer: Timer | undefined;
  #earlyMs = EARLY_MS;
  #countsAtMs: number;
  #hasSucceeded = false;
  #stopped = false;

  constructor(options: ProbeWorkerOptions) {
    const { kind, probe, startedAtMs, clock } = options;
    this.#options = options;
    this.#tally = newTally(kind);
    const dueMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    this.#countsAtMs = dueMs + Math.min(this.#periodMs, FIRST_COUNTED_MS);
    const firstMs = kind === 'liveness' ? this.#countsAtMs : dueMs;
    this.#scheduleIn(Math.max(0, firstMs - clock.now()));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  get #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  #scheduleIn(delayMs: number): void {
    if (!this.#stopped) this.#timer = this.#options.clock.after(delayMs, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const { clock, perform, onFailure } = this.#options;
    const counts = clock.now() >= this.#countsAtMs;
    if (counts) this.#countsAtMs = clock.now() + this.#periodMs;
    try {
      const outcome = await perform();
      if (!this.#stopped) this.#note(outcome, counts);
    } catch (error) {
      if (counts && !this.#stopped)
        onFailure(`probe errored and resulted in unknown state: ${(error as Error).message}`);
    }
    this.#scheduleIn(this.#nextDelayMs());
  }

  #note({ ok, output }: Outcome, counts: boolean): void {
    const { probe, onVerdict, onFailure, kind } = this.#options;
    if (!ok && !counts) return;
    this.#hasSucceeded ||= ok;
    const before = this.#tally;
    this.#tally = tallyWith(before, ok, probe);
    if (!ok) onFailure(`probe failed: ${output}`);
    const isKilling = kind === 'startup' && isExhausted(this.#tally, probe);
    if (before.verdict !== this.#tally.verdict || isKilling) onVerdict(this.#tally.verdict);
  }

  #nextDelayMs(): number {
    const untilCounted = Math.max(0, this.#countsAtMs - this.#options.clock.now());
    if (this.#options.kind === 'liveness' || this.#hasSucceeded) return untilCounted;
    this.#earlyMs *= 2;
    return Math.min(this.#earlyMs / 2, untilCounted);
  }
}
