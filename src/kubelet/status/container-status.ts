// The API's status of one container, from the runtime's, the spec, the probes and what the API had before.
import type {
  Container,
  ContainerState as ApiState,
  ContainerStatus as ApiStatus,
  ContainerStateTerminated,
  ContainerStateWaiting,
} from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';
import type { ContainerStatus } from '../../runtime/runtime.ts';
import { formatBackOff } from '../pod/back-off.ts';
import { needOf } from '../pod/container-state.ts';
import {
  isRestartableInit,
  isRunning,
  latestOf,
  probeStateOf,
  specOf,
  statusOf,
  waitingOf,
} from '../pod/pod-view.ts';
import type { PodView } from '../pod/pod-view.ts';

export const containerStatus = (view: PodView, container: Container): ApiStatus => {
  const latest = latestOf(view, container.name);
  const before = statusOf(view, container.name);
  const state = stateOf(view, container, latest, before);
  const lastState = lastStateOf(view, container, state, before);
  const started = isRunning(view, latest) && probeStateOf(view, container, latest.id).started;
  return {
    name: container.name,
    state,
    lastState,
    ready: isReady(view, container, latest),
    restartCount: latest?.attempt ?? before?.restartCount ?? 0,
    image: latest?.imageRef ?? container.image ?? '',
    imageID: latest?.imageId ?? '',
    ...(latest ? { containerID: containerId(latest) } : {}),
    started,
    ...(container.resources ? { resources: container.resources } : {}),
  };
};

/** `podnet://ID`, as containerd's are `containerd://ID`. */
const containerId = ({ id }: Pick<ContainerStatus, 'id'>): string => `podnet://${id}`;

const isReady = (view: PodView, container: Container, latest: ContainerStatus | undefined): boolean => {
  const isInit = (specOf(view).initContainers ?? []).includes(container);
  if (isInit && !isRestartableInit(container, specOf(view)))
    return latest?.state === 'exited' && latest.exitCode === 0;
  return isRunning(view, latest) && probeStateOf(view, container, latest.id).ready;
};

const stateOf = (
  view: PodView,
  container: Container,
  latest: ContainerStatus | undefined,
  before: ApiStatus | undefined,
): ApiState => {
  if (latest?.state === 'exited') {
    const waiting = view.ending ? undefined : waitingAfterExit(view, container, before);
    return waiting ? { waiting } : { terminated: terminatedState(latest) };
  }
  if (isRunning(view, latest)) return { running: { startedAt: formatTime(latest.startedAtMs ?? 0) } };
  if (view.ending && !latest) return endedWithout(before);
  return { waiting: waitingBeforeStart(view, container) };
};

/** A container that the runtime no longer knows. */
const endedWithout = (before: ApiStatus | undefined): ApiState => {
  if (before?.state?.terminated) return before.state;
  if (before?.state?.running) return { terminated: LOST };
  return { waiting: before?.state?.waiting ?? { reason: 'ContainerCreating' } };
};

const LOST: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
};

/** While it is being restarted it goes on to wait for what it waited for: that is no news. */
const waitingAfterExit = (
  view: PodView,
  container: Container,
  before: ApiStatus | undefined,
): ContainerStateWaiting | undefined => {
  if (view.busy.has(`start/${container.name}`)) return failedStart(view, container) ?? before?.state?.waiting;
  const need = needOf(view, container);
  if (need.kind === 'failed-start') return failedStart(view, container);
  if (need.kind !== 'crash-loop') return undefined;
  return { reason: 'CrashLoopBackOff', message: crashLoopMessage(view, container.name) };
};

/** `back-off 10s restarting failed container=web pod=web_default(UID)` */
const crashLoopMessage = ({ pod, backOffs }: PodView, name: string): string => {
  const { metadata } = pod;
  const delay = formatBackOff(backOffs.get(name)?.delayMs ?? 0);
  return `back-off ${delay} restarting failed container=${name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`;
};

const failedStart = (view: PodView, container: Container): ContainerStateWaiting | undefined => {
  const waiting = waitingOf(view, container);
  if (!waiting) return undefined;
  const { reason, message } = waiting;
  return message ? { reason, message } : { reason };
};

const waitingBeforeStart = (view: PodView, container: Container): ContainerStateWaiting => {
  const hasInit = (specOf(view).initContainers ?? []).length > 0;
  return failedStart(view, container) ?? { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' };
};

/** The end before the present state: the latest if that waits to be restarted, else the attempt before it. */
const lastStateOf = (
  view: PodView,
  container: Container,
  state: ApiState,
  before: ApiStatus | undefined,
): ApiState => {
  const ended = view.containers
    .filter(({ name, state: itsState }) => name === container.name && itsState === 'exited')
    .sort((a, b) => b.attempt - a.attempt);
  const shown = state.terminated ? 1 : 0;
  if (ended[shown]) return { terminated: terminatedState(ended[shown]) };
  const previous = before?.lastState ?? {};
  if (state.terminated || ended.length > 0 || latestOf(view, container.name)?.state === 'running')
    return previous;
  return lostState(before) ?? previous;
};

/** After the sandbox went away with its containers: the end that the API knew, or that it is not known. */
const lostState = (before: ApiStatus | undefined): ApiState | undefined => {
  if (before?.state?.terminated) return { terminated: before.state.terminated };
  return before?.state?.running ? { terminated: LOST } : undefined;
};

const terminatedState = (status: ContainerStatus): ContainerStateTerminated => ({
  exitCode: status.exitCode ?? 0,
  reason: status.reason ?? (status.exitCode === 0 ? 'Completed' : 'Error'),
  ...(status.message ? { message: status.message } : {}),
  startedAt: formatTime(status.startedAtMs ?? status.createdAtMs),
  finishedAt: formatTime(status.finishedAtMs ?? status.createdAtMs),
  containerID: containerId(status),
});
