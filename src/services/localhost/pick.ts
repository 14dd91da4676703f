// Which endpoint a connection to localhost goes to. All of them come from one client, so that affinity binds all.
import type { Balance } from '../state.ts';

/** The endpoint that the client is bound to, and until when. */
export type Bond = { readonly at: string; readonly untilMs: number };

/** `random` is in [0, 1). */
export const pickEndpoint = (
  { targets, stickySeconds }: Balance,
  bond: Bond | undefined,
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): Bond => {
  const untilMs = nowMs + (stickySeconds ?? 0) * 1000;
  const isBound =
    stickySeconds !== undefined && bond && nowMs < bond.untilMs && targets.some(({ at }) => at === bond.at);
  return { at: isBound ? bond.at : targets[Math.floor(random * targets.length)]!.at, untilMs };
};
