// From single probe outcomes to a probe's verdict, by its thresholds.
import type { Probe } from '../../k8s/generated/types.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export type Tally = {
  /** What holds until enough outcomes say otherwise. */
  readonly verdict: boolean;
  readonly lastOutcome: boolean | undefined;
  /** How many times in a row. */
  readonly run: number;
};

/** Before its first probe a container counts as alive, but as neither started nor ready. */
export const newTally = (kind: ProbeKind): Tally => ({
  verdict: kind === 'liveness',
  lastOutcome: undefined,
  run: 0,
});

export const tallyWith = (
  tally: Tally,
  outcome: boolean,
  { failureThreshold = 3, successThreshold = 1 }: Probe,
): Tally => {
  const run = tally.lastOutcome === outcome ? tally.run + 1 : 1;
  const isEnough = run >= (outcome ? successThreshold : failureThreshold);
  return { verdict: isEnough ? outcome : tally.verdict, lastOutcome: outcome, run };
};

/** True once a probe has failed so often in a row that the container must be killed. */
export const isExhausted = (tally: Tally, { failureThreshold = 3 }: Probe): boolean =>
  tally.lastOutcome === false && tally.run >= failureThreshold;
