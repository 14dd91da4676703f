// Waits for a condition: tests never sleep and hope.
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 50;

/** Repeats `check` until it stops throwing and gives something truthy; fails with its last error after `timeoutMs`. */
export const eventually = async <T>(
  what: string,
  check: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<NonNullable<T>> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const outcome = await attempt(check);
    if (outcome.value) return outcome.value;
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: outcome.error });
    await delay(RETRY_MS);
  }
};

const attempt = async <T>(
  check: () => T | Promise<T>,
): Promise<{ readonly value?: T; readonly error?: unknown }> => {
  try {
    return { value: await check() };
  } catch (error) {
    return { error };
  }
};
