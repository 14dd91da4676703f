// A pod's status in the API, computed anew each time from what is known now.
import type { Container, ContainerStatus, PodStatus } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';
import { isFinished, isInitialized } from '../pod/pod-actions.ts';
import { ephemeralOf, specOf } from '../pod/pod-view.ts';
import type { PodView } from '../pod/pod-view.ts';
import { refusalOf } from '../pod/refusal.ts';
import { podConditions } from './conditions.ts';
import { containerStatus } from './container-status.ts';
import { podPhase } from './phase.ts';

/** `hostIps`: the node's InternalIPs, the first family first. */
export const podStatus = (view: PodView, hostIps: readonly string[]): PodStatus => {
  const { pod, sandbox, ending } = view;
  const { initContainers = [], containers } = specOf(view);
  const before = pod.status ?? {};
  if (isTerminal(before.phase) && view.containers.length === 0) return before; // nothing new can be known
  const initStatuses = initContainers.map((container) => containerStatus(view, container));
  const statuses = containers.map((container) => containerStatus(view, container));
  const ephemeralStatuses = ephemeralOf(specOf(view)).map((container) => ephemeralStatus(view, container));
  const phase = phaseOf(view, initStatuses, statuses);
  const ips = podIps(view, hostIps);
  const hasSandbox = sandbox?.state === 'ready';
  return {
    ...before,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: podConditions({ pod, phase, initStatuses, statuses, hasSandbox, nowMs: view.nowMs }),
    ...(ending?.kind === 'failed' ? { reason: ending.reason, message: ending.message } : {}),
    hostIP: hostIps[0],
    hostIPs: hostIps.map((ip) => ({ ip })),
    ...(ips.length > 0 ? { podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: before.startTime ?? formatTime(view.nowMs),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    // kubelet says nothing of the containers of a pod that it did not admit: kubectl then shows the reason.
    ...(refusalOf(pod.spec) ? {} : { containerStatuses: statuses }),
    ...(ephemeralStatuses.length > 0 ? { ephemeralContainerStatuses: ephemeralStatuses } : {}),
  };
};

/** Nobody asks whether it is ready. */
const ephemeralStatus = (view: PodView, container: Container): ContainerStatus => {
  const { started: _, ...status } = containerStatus(view, container);
  return { ...status, ready: false };
};

const phaseOf = (
  view: PodView,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): string => {
  const before = view.pod.status?.phase;
  if (before !== undefined && isTerminal(before)) return before; // an end is final
  const isIdle = !view.containers.some(({ state }) => state === 'running') && view.busy.size === 0;
  if (view.ending?.kind === 'failed' && isIdle) return 'Failed';
  return podPhase({
    spec: specOf(view),
    initStatuses,
    statuses,
    hasEnded: isIdle && (view.ending !== undefined || (isFinished(view) && hasRun(statuses))),
    initFailed:
      isFinished(view) && (specOf(view).initContainers ?? []).some((c) => hasFailed(c, initStatuses)),
    initialized: isInitialized(view),
  });
};

const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

const hasRun = (statuses: readonly ContainerStatus[]): boolean =>
  statuses.every(({ state }) => state?.terminated);

const hasFailed = (container: Container, statuses: readonly ContainerStatus[]): boolean =>
  (statuses.find(({ name }) => name === container.name)?.state?.terminated?.exitCode ?? 0) !== 0;

/** The addresses stay in the status of a pod whose sandbox is gone, until a new one has others. */
const podIps = ({ pod, sandbox }: PodView, hostIps: readonly string[]): readonly string[] => {
  if (pod.spec?.hostNetwork) return hostIps;
  if (sandbox && sandbox.ips.length > 0) return sandbox.ips;
  return (pod.status?.podIPs ?? []).map(({ ip }) => ip);
};
