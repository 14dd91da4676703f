// What is known of one pod at one moment: the input of the plan (pod-actions.ts) and of the status (status/).
import type {
  Container,
  ContainerStatus as ApiStatus,
  EphemeralContainer,
  Pod,
  PodSpec,
} from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { ContainerStatus, PodSandboxStatus } from '../../runtime/runtime.ts';
import type { BackOff } from './back-off.ts';

/** Why a container does not run although it should: a failed start, and when to try again. */
export type Waiting = {
  readonly reason: string;
  readonly message: string;
  readonly retryAtMs: number;
  /** The image that was tried: another one is tried at once. */
  readonly image: string | undefined;
};

/** What the probes of one running container say. */
export type ProbeState = { readonly started: boolean; readonly live: boolean; readonly ready: boolean };

/** A pod that must end, and how. */
export type Ending =
  | { readonly kind: 'deleted'; readonly graceSeconds: number }
  | {
      readonly kind: 'failed';
      readonly graceSeconds: number;
      readonly reason: string;
      readonly message: string;
    };

export type PodView = {
  readonly pod: Stored<Pod>;
  readonly nowMs: number;
  readonly sandbox: PodSandboxStatus | undefined;
  /** Those of the sandbox, all attempts. */
  readonly containers: readonly ContainerStatus[];
  readonly hasVolumes: boolean;
  /** Operations under way, by the names that operationOf() gives. */
  readonly busy: ReadonlySet<string>;
  /** Container name -> why its last start failed. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Container name -> its crash back-off. */
  readonly backOffs: ReadonlyMap<string, BackOff>;
  /** Operation -> when to try it again after a failure. */
  readonly retryAtMs: ReadonlyMap<string, number>;
  /** Container id -> the image that the spec named when it was made; none for those of an earlier agent. */
  readonly images: ReadonlyMap<string, string>;
  /** Container id -> probe results; none before its first probe. */
  readonly probes: ReadonlyMap<string, ProbeState>;
  readonly ending: Ending | undefined;
};

export const specOf = (view: Pick<PodView, 'pod'>): PodSpec => view.pod.spec ?? { containers: [] };

/**
 * Added to a running pod for a look into it (`kubectl debug`); `targetContainerName` names the one whose processes it sees.
 * Its fields are a container's, without ports, probes and hooks.
 */
export const ephemeralOf = ({ ephemeralContainers = [] }: PodSpec): readonly EphemeralContainer[] =>
  ephemeralContainers;

/** All that may be in the pod's sandbox. */
export const allContainersOf = (spec: PodSpec): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...ephemeralOf(spec),
];

/** A sidecar: an init container that stays (KEP-753). */
export const isRestartableInit = (container: Container, spec: PodSpec): boolean =>
  container.restartPolicy === 'Always' && (spec.initContainers ?? []).includes(container);

/** Why the container waits, unless its image was corrected since. */
export const waitingOf = (view: PodView, { name, image }: Container): Waiting | undefined => {
  const waiting = view.waiting.get(name);
  return waiting?.image === image ? waiting : undefined;
};

/** The latest attempt of a container in the present sandbox. O(containers of the pod). */
export const latestOf = (view: PodView, name: string): ContainerStatus | undefined =>
  view.containers
    .filter((container) => container.name === name)
    .reduce<ContainerStatus | undefined>(
      (newest, each) => (newest && newest.attempt > each.attempt ? newest : each),
      undefined,
    );

/** True from the end of its start (postStart hook included) to its exit. */
export const isRunning = (view: PodView, status: ContainerStatus | undefined): status is ContainerStatus =>
  status?.state === 'running' && !view.busy.has(`start/${status.name}`);

/** What the probes say, or what counts before they have spoken. */
export const probeStateOf = (view: PodView, container: Container, id: string): ProbeState =>
  view.probes.get(id) ?? {
    started: !container.startupProbe,
    live: true,
    ready: !container.startupProbe && !container.readinessProbe,
  };

/** The number for a container's next attempt: counts on over new sandboxes and restarts of the agent. */
export const nextAttempt = (view: PodView, name: string): number => {
  const latest = latestOf(view, name);
  if (latest) return latest.attempt + 1;
  const known = statusOf(view, name);
  return known?.containerID || known?.lastState?.terminated ? known.restartCount + 1 : 0;
};

/** What the API knows of a container. */
export const statusOf = ({ pod }: Pick<PodView, 'pod'>, name: string): ApiStatus | undefined => {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (status) => status.name === name,
  );
};
