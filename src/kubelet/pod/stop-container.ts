// The operation `stop/ID`: preStop hook, TERM, and KILL when the grace period is over.
import type { Container } from '../../k8s/generated/types.ts';
import type { Clock } from '../../lang/clock.ts';
import { tell } from './context.ts';
import type { PodContext } from './context.ts';
import { runHook } from './hooks.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRecord } from './pod-record.ts';

/** What is left for a process after its preStop hook, at least (kuberuntime_container.go). */
const MIN_GRACE_SECONDS = 2;

export const stopContainer = async (
  context: PodContext,
  record: PodRecord,
  { container, status, graceSeconds, message }: Extract<PodAction, { kind: 'stop-container' }>,
): Promise<void> => {
  tell(context, record.pod, { reason: 'Killing', message, container });
  const startMs = context.clock.now();
  if (container?.lifecycle?.preStop && !record.preStopped.has(status.id)) {
    record.preStopped.add(status.id);
    await preStop(context, record, container, status.id, graceSeconds * 1000);
    const spentSeconds = Math.ceil((context.clock.now() - startMs) / 1000);
    return context.runtime.stopContainer(status.id, Math.max(graceSeconds - spentSeconds, MIN_GRACE_SECONDS));
  }
  return context.runtime.stopContainer(status.id, graceSeconds);
};

/** Ends with the hook or with the grace period, whichever comes first; a hook that fails delays nothing. */
const preStop = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  containerId: string,
  graceMs: number,
): Promise<void> => {
  const hook = container.lifecycle!.preStop!;
  const failed = (): void =>
    tell(context, record.pod, {
      type: 'Warning',
      reason: 'FailedPreStopHook',
      message: 'PreStopHook failed',
      container,
    });
  await Promise.race([
    runHook(context, record, container, containerId, hook).catch(failed),
    elapsed(context.clock, graceMs),
  ]);
};

const elapsed = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));
