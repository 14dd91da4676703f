// What to do next for one pod, as a pure function of what is known: the heart of the kubelet.
//
//   volumes -> sandbox -> init containers, one after the other -> all containers -> (ending) stop -> tear down
//
// Each action becomes an operation that runs beside the others; while it runs its name is in `busy`.
import type { Container } from '../../k8s/generated/types.ts';
import type { ContainerStatus } from '../../runtime/runtime.ts';
import { needOf } from './container-state.ts';
import type { ContainerNeed } from './container-state.ts';
import {
  allContainersOf,
  ephemeralOf,
  isRestartableInit,
  isRunning,
  latestOf,
  nextAttempt,
  probeStateOf,
  specOf,
  statusOf,
} from './pod-view.ts';
import type { PodView } from './pod-view.ts';

export type PodAction =
  | { readonly kind: 'set-up-volumes' }
  | { readonly kind: 'run-sandbox'; readonly attempt: number; readonly replaces: string | undefined }
  | { readonly kind: 'start-container'; readonly container: Container; readonly attempt: number }
  | {
      readonly kind: 'stop-container';
      readonly container: Container | undefined;
      readonly status: ContainerStatus;
      readonly graceSeconds: number;
      readonly message: string;
    }
  | { readonly kind: 'stop-sandbox'; readonly sandboxId: string }
  | { readonly kind: 'tear-down' }
  /** Says that a container waits for its restart. */
  | { readonly kind: 'back-off'; readonly container: Container; readonly last: ContainerStatus }
  /** Look again at that time. */
  | { readonly kind: 'wake'; readonly atMs: number };

/** An operation's name in `busy`, or undefined for what is no operation. */
export const operationOf = (action: PodAction): string | undefined => {
  switch (action.kind) {
    case 'start-container':
      return `start/${action.container.name}`;
    case 'stop-container': // a shorter grace period is another operation: it goes past the one under way
      return `stop/${action.status.id}/${action.graceSeconds}`;
    case 'set-up-volumes':
    case 'run-sandbox':
    case 'stop-sandbox':
    case 'tear-down':
      return action.kind;
    case 'back-off':
    case 'wake':
      return undefined;
  }
};

export const podActions = (view: PodView): readonly PodAction[] =>
  view.busy.has('tear-down') ? [] : neededActions(view).flatMap((action) => dueNow(view, action));

const neededActions = (view: PodView): readonly PodAction[] => {
  if (view.ending) return endActions(view, view.ending.graceSeconds);
  if (isFinished(view)) return finishedActions(view);
  if (!view.hasVolumes) return [{ kind: 'set-up-volumes' }];
  if (view.sandbox?.state !== 'ready') return sandboxActions(view);
  return containerActions(view);
};

/** Nothing for what is under way; a wake-up for what must wait for its retry. */
const dueNow = (view: PodView, action: PodAction): readonly PodAction[] => {
  const operation = operationOf(action);
  if (!operation) return [action];
  if (view.busy.has(operation)) return [];
  const atMs = view.retryAtMs.get(operation) ?? 0;
  const mustWait = action.kind !== 'start-container' && atMs > view.nowMs; // starts wait by `waiting`
  return mustWait ? [{ kind: 'wake', atMs }] : [action];
};

/** True when every container has ended for good, or an init container failed for good. */
export const isFinished = (view: PodView): boolean => {
  const { phase } = view.pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  const spec = specOf(view);
  const needs = spec.containers.map((container) => needOf(view, container));
  const init = (spec.initContainers ?? []).map((container) => needOf(view, container));
  return needs.every(({ kind }) => kind === 'done') || init.some((need) => isFailure(need));
};

/** Whether all init containers are through; sidecars count once they have started. */
export const isInitialized = (view: PodView): boolean => {
  const spec = specOf(view);
  if (spec.containers.some(({ name }) => latestOf(view, name))) return true;
  return (spec.initContainers ?? []).every((container) => isPassed(view, container));
};

const isFailure = (need: ContainerNeed): boolean => need.kind === 'done' && need.exitCode !== 0;

const isPassed = (view: PodView, container: Container): boolean => {
  const latest = latestOf(view, container.name);
  if (!isRestartableInit(container, specOf(view))) return latest?.state === 'exited' && latest.exitCode === 0;
  return isRunning(view, latest) && probeStateOf(view, container, latest.id).started;
};

/** No new sandbox while a container still starts in the old one. */
const sandboxActions = (view: PodView): readonly PodAction[] => {
  if ([...view.busy].some((operation) => operation.startsWith('start/'))) return [];
  const attempt = view.sandbox ? view.sandbox.pod.attempt + 1 : 0;
  return [{ kind: 'run-sandbox', attempt, replaces: view.sandbox?.id }];
};

const containerActions = (view: PodView): readonly PodAction[] => {
  const { initContainers = [], containers } = specOf(view);
  const initialized = isInitialized(view);
  const due = initialized
    ? initContainers.filter((container) => isRestartableInit(container, specOf(view)))
    : startableInit(view, initContainers);
  return [
    ...ephemeralActions(view),
    ...[...due, ...(initialized ? containers : [])].flatMap((container) => actionsFor(view, container)),
  ];
};

/** At once, whatever the others do; never again once it has run, in a new sandbox neither. */
const ephemeralActions = (view: PodView): readonly PodAction[] =>
  ephemeralOf(specOf(view))
    .filter(({ name }) => !latestOf(view, name) && !statusOf(view, name)?.containerID)
    .flatMap((container) => actionsFor(view, container));

/** The sidecars before the first init container that is not through, and that one. */
const startableInit = (view: PodView, initContainers: readonly Container[]): readonly Container[] => {
  const blocking = initContainers.findIndex((container) => !isPassed(view, container));
  return initContainers.filter(
    (container, index) =>
      index === blocking || (index < blocking && isRestartableInit(container, specOf(view))),
  );
};

const actionsFor = (view: PodView, container: Container): readonly PodAction[] => {
  const need = needOf(view, container);
  switch (need.kind) {
    case 'nothing':
    case 'done':
      return [];
    case 'start':
      return [{ kind: 'start-container', container, attempt: nextAttempt(view, container.name) }];
    case 'failed-start':
      return [{ kind: 'wake', atMs: need.untilMs }];
    case 'crash-loop':
      return [
        { kind: 'back-off', container, last: need.last },
        { kind: 'wake', atMs: need.untilMs },
      ];
    case 'unhealthy':
      return [unhealthyStop(view, container, need)];
    case 'changed':
      return [changedStop(view, container, need.last)];
  }
};

const unhealthyStop = (
  view: PodView,
  container: Container,
  { last, probe }: Extract<ContainerNeed, { kind: 'unhealthy' }>,
): PodAction => ({
  kind: 'stop-container',
  container,
  status: last,
  graceSeconds:
    container[`${probe}Probe`]?.terminationGracePeriodSeconds ??
    specOf(view).terminationGracePeriodSeconds ??
    30,
  message: `Container ${container.name} failed ${probe} probe, will be restarted`,
});

/** `kubectl set image` on a pod: the image is the one field of a running container that may change. */
const changedStop = (view: PodView, container: Container, status: ContainerStatus): PodAction => ({
  kind: 'stop-container',
  container,
  status,
  graceSeconds: specOf(view).terminationGracePeriodSeconds ?? 30,
  message: `Container ${container.name} definition changed, will be restarted`,
});

/** A finished pod gives its addresses back; its containers stay for their logs. */
const finishedActions = (view: PodView): readonly PodAction[] => {
  const stops = stopActions(view, specOf(view).terminationGracePeriodSeconds ?? 30);
  if (stops.length > 0 || isStopping(view) || view.sandbox?.state !== 'ready') return stops;
  return [{ kind: 'stop-sandbox', sandboxId: view.sandbox.id }];
};

const endActions = (view: PodView, graceSeconds: number): readonly PodAction[] => {
  const stops = stopActions(view, graceSeconds);
  if (stops.length > 0 || view.busy.size > 0 || isStopping(view)) return stops;
  return view.ending?.kind === 'deleted' ? [{ kind: 'tear-down' }] : finishedActions(view);
};

const isStopping = (view: PodView): boolean => view.containers.some(({ state }) => state === 'running');

/** All containers together; then the sidecars one by one, the last one first (KEP-753). */
const stopActions = (view: PodView, graceSeconds: number): readonly PodAction[] => {
  const { initContainers = [] } = specOf(view);
  const byName = new Map(allContainersOf(specOf(view)).map((container) => [container.name, container]));
  const running = view.containers.filter(({ state }) => state === 'running');
  const isSidecar = ({ name }: ContainerStatus): boolean =>
    isRestartableInit(byName.get(name) ?? { name }, specOf(view));
  const main = running.filter((status) => !isSidecar(status));
  const order = initContainers.map(({ name }) => name);
  const sidecars = running.filter(isSidecar).sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name));
  return (main.length > 0 ? main : sidecars.slice(0, 1)).map((status) => ({
    kind: 'stop-container',
    container: byName.get(status.name),
    status,
    graceSeconds,
    message: `Stopping container ${status.name}`,
  }));
};
