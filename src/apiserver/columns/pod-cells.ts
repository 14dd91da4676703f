// What `kubectl get pods` says about a pod (kubernetes pkg/printers/internalversion/printers.go printPod).
import type { ContainerState, ContainerStatus, Pod } from '../../k8s/generated/types.ts';
import { isPodReady, podCondition, sidecarsOf } from '../../k8s/pod-state.ts';
import type { Cell } from '../kind.ts';
import { humanDuration } from './age.ts';
import { NONE } from './columns.ts';

/** READY, STATUS and RESTARTS. */
export const podCells = (pod: Pod, nowMs: number): readonly [Cell, Cell, Cell] => {
  const init = initSummary(pod);
  const main = init.stuck === undefined || hasCondition(pod, 'Initialized') ? mainSummary(pod) : undefined;
  const total = (pod.spec?.containers ?? []).length + sidecarNames(pod).size;
  const restarted = main ? [...init.sidecars, ...main.statuses] : init.visited;
  return [
    `${init.ready + (main?.ready ?? 0)}/${total}`,
    deletionReason(pod) ?? main?.reason(init.stuck ?? phaseReason(pod)) ?? init.stuck ?? phaseReason(pod),
    restartsCell(restarted, nowMs),
  ];
};

/** IP, NODE, NOMINATED NODE and READINESS GATES. */
export const widePodCells = (pod: Pod): readonly Cell[] => {
  const { spec, status } = pod;
  const gates = spec?.readinessGates ?? [];
  const open = gates.filter(({ conditionType }) => hasCondition(pod, conditionType));
  return [
    status?.podIPs?.[0]?.ip || status?.podIP || NONE,
    spec?.nodeName || NONE,
    status?.nominatedNodeName || NONE,
    gates.length > 0 ? `${open.length}/${gates.length}` : NONE,
  ];
};

const hasCondition = (pod: Pod, type: string): boolean => podCondition(pod, type)?.status === 'True';

const phaseReason = (pod: Pod): string => {
  const isGated = podCondition(pod, 'PodScheduled')?.reason === 'SchedulingGated';
  return isGated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || '';
};

const deletionReason = ({ metadata, status }: Pod): string | undefined => {
  if (!metadata?.deletionTimestamp) return undefined;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : 'Terminating';
};

const sidecarNames = ({ spec }: Pod): ReadonlySet<string> =>
  new Set(sidecarsOf(spec).map(({ name }) => name));

type InitSummary = {
  /** Up to the one that initialisation waits for. */
  readonly visited: readonly ContainerStatus[];
  readonly sidecars: readonly ContainerStatus[];
  readonly ready: number;
  /** What the pod waits for, undefined when initialisation is through. */
  readonly stuck: string | undefined;
};

const initSummary = (pod: Pod): InitSummary => {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const names = sidecarNames(pod);
  const isThrough = ({ name, state, started }: ContainerStatus): boolean =>
    state?.terminated?.exitCode === 0 || (names.has(name) && started === true);
  const at = statuses.findIndex((status) => !isThrough(status));
  const visited = at < 0 ? statuses : statuses.slice(0, at + 1);
  const sidecars = visited.filter(({ name }) => names.has(name));
  return {
    visited,
    sidecars,
    ready: sidecars.filter(({ state, started, ready }) => started && ready && !state?.terminated).length,
    stuck: at < 0 ? undefined : initReason(statuses[at]!, at, pod.spec?.initContainers?.length ?? 0),
  };
};

const initReason = ({ state }: ContainerStatus, index: number, total: number): string => {
  const waiting = state?.waiting?.reason;
  if (state?.terminated) return `Init:${terminatedReason(state.terminated)}`;
  return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
};

const terminatedReason = ({
  reason,
  signal,
  exitCode,
}: NonNullable<ContainerState['terminated']>): string => {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
};

type MainSummary = {
  readonly statuses: readonly ContainerStatus[];
  readonly ready: number;
  readonly reason: (otherwise: string) => string;
};

/** The first container that waits or ended speaks for the pod. */
const mainSummary = (pod: Pod): MainSummary => {
  const statuses = pod.status?.containerStatuses ?? [];
  const running = statuses.filter(
    ({ ready, state }) => ready && state?.running && !state.waiting?.reason && !state.terminated,
  );
  const first = statuses.map(({ state }) => stateReason(state)).find((text) => text !== undefined);
  const failed = statuses.find(({ state }) => !state?.waiting?.reason && state?.terminated?.exitCode);
  const completed = (): string => {
    if (running.length > 0 && isPodReady(pod)) return 'Running';
    if (failed) return stateReason(failed.state)!;
    return running.length > 0 ? 'NotReady' : 'Completed';
  };
  return {
    statuses,
    ready: running.length,
    reason: (otherwise) => ((first ?? otherwise) === 'Completed' ? completed() : (first ?? otherwise)),
  };
};

const stateReason = (state: ContainerState | undefined): string | undefined =>
  state?.waiting?.reason || (state?.terminated ? terminatedReason(state.terminated) : undefined);

/** `3 (5s ago)`. */
const restartsCell = (statuses: readonly ContainerStatus[], nowMs: number): Cell => {
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const ends = statuses.flatMap(({ lastState }) =>
    lastState?.terminated?.finishedAt ? [Date.parse(lastState.terminated.finishedAt)] : [],
  );
  if (restarts === 0 || ends.length === 0) return String(restarts);
  return `${restarts} (${humanDuration(nowMs - Math.max(...ends))} ago)`;
};
