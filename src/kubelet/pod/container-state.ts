// What one container of the spec needs: nothing, a start, a restart after its back-off, or a stop.
import type { Container } from '../../k8s/generated/types.ts';
import type { ContainerStatus } from '../../runtime/runtime.ts';
import { backOffUntil } from './back-off.ts';
import { isRunning, latestOf, probeStateOf, specOf, waitingOf } from './pod-view.ts';
import type { PodView } from './pod-view.ts';
import { isRestarted } from './restart-policy.ts';

export type ContainerNeed =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'start' }
  /** Ended and not restarted. */
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'failed-start'; readonly untilMs: number }
  | { readonly kind: 'crash-loop'; readonly untilMs: number; readonly last: ContainerStatus }
  /** Runs, but must be stopped to be started anew. */
  | { readonly kind: 'unhealthy'; readonly last: ContainerStatus; readonly probe: 'liveness' | 'startup' }
  | { readonly kind: 'changed'; readonly last: ContainerStatus };

const NOTHING: ContainerNeed = { kind: 'nothing' };

export const needOf = (view: PodView, container: Container): ContainerNeed => {
  if (view.busy.has(`start/${container.name}`)) return NOTHING;
  const latest = latestOf(view, container.name);
  const waiting = waitingOf(view, container);
  if (latest?.state === 'exited') return needAfterExit(view, container, latest);
  if (waiting && waiting.retryAtMs > view.nowMs) return { kind: 'failed-start', untilMs: waiting.retryAtMs };
  return isRunning(view, latest) ? needWhileRunning(view, container, latest) : { kind: 'start' };
};

const needWhileRunning = (view: PodView, container: Container, latest: ContainerStatus): ContainerNeed => {
  const image = view.images.get(latest.id);
  if (image !== undefined && image !== container.image) return { kind: 'changed', last: latest };
  const { live, started } = probeStateOf(view, container, latest.id);
  if (live) return NOTHING;
  return { kind: 'unhealthy', last: latest, probe: started ? 'liveness' : 'startup' };
};

const needAfterExit = (view: PodView, container: Container, last: ContainerStatus): ContainerNeed => {
  const exitCode = last.exitCode ?? 0;
  if (!isRestarted(container, specOf(view), exitCode)) return { kind: 'done', exitCode };
  const waiting = waitingOf(view, container);
  if (waiting && waiting.retryAtMs > view.nowMs) return { kind: 'failed-start', untilMs: waiting.retryAtMs };
  const untilMs = backOffUntil(view.backOffs.get(container.name), last.finishedAtMs ?? last.createdAtMs);
  return untilMs > view.nowMs ? { kind: 'crash-loop', untilMs, last } : { kind: 'start' };
};
