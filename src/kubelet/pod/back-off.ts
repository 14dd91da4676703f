// Exponential back-off of crashing containers and failing image pulls: 10 s, doubled up to 300 s.
// Kubernetes' rule (client-go util/flowcontrol/backoff.go): forgotten once nothing failed for twice the maximum.

export type BackOff = { readonly delayMs: number; readonly updatedAtMs: number };

const INITIAL_MS = 10_000;
const MAX_MS = 300_000;

/** The back-off after a failure at `failedAtMs`, noted at `nowMs`. */
export const nextBackOff = (before: BackOff | undefined, failedAtMs: number, nowMs: number): BackOff => ({
  delayMs: !before || isExpired(before, failedAtMs) ? INITIAL_MS : Math.min(before.delayMs * 2, MAX_MS),
  updatedAtMs: nowMs,
});

/** Until when to wait after a failure at `failedAtMs`; 0 if there is no back-off yet: the first restart is at once. */
export const backOffUntil = (backOff: BackOff | undefined, failedAtMs: number): number =>
  !backOff || isExpired(backOff, failedAtMs) ? 0 : failedAtMs + backOff.delayMs;

const isExpired = (backOff: BackOff, failedAtMs: number): boolean =>
  failedAtMs - backOff.updatedAtMs > 2 * MAX_MS;

/** As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export const formatBackOff = (delayMs: number): string => {
  const seconds = Math.round(delayMs / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};
