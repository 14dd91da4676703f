// A pod's conditions, with kubelet's reasons and messages (pkg/kubelet/status/generate.go, Kubernetes 1.36).
import type { ContainerStatus, Pod, PodCondition } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';

/** One condition without its times. */
type Claim = {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
};

export type ConditionFacts = {
  readonly pod: Pod;
  readonly phase: string;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  readonly hasSandbox: boolean;
  readonly nowMs: number;
};

/** All conditions: kubelet's own, and those of others (readiness gates) as they are. */
export const podConditions = (facts: ConditionFacts): readonly PodCondition[] => {
  const before = facts.pod.status?.conditions ?? [];
  const own = claims(facts, before).map((claim) => withTimes(claim, before, facts));
  const others = before.filter(({ type }) => !own.some((condition) => condition.type === type));
  return [...own, ...others];
};

const claims = (facts: ConditionFacts, before: readonly PodCondition[]): readonly Claim[] => {
  const containersReady = containersReadyClaim(facts);
  return [
    { type: 'PodReadyToStartContainers', status: facts.hasSandbox ? 'True' : 'False' },
    initializedClaim(facts),
    readyClaim(facts.pod, containersReady, before),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
};

const withTimes = (claim: Claim, before: readonly PodCondition[], facts: ConditionFacts): PodCondition => {
  const old = before.find(({ type }) => type === claim.type);
  const generation = facts.pod.metadata?.generation;
  return {
    ...claim,
    lastTransitionTime:
      old?.status === claim.status && old.lastTransitionTime
        ? old.lastTransitionTime
        : formatTime(facts.nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
};

const isSidecar = ({ restartPolicy }: { readonly restartPolicy?: string | undefined }): boolean =>
  restartPolicy === 'Always';

const initializedClaim = ({ pod, phase, initStatuses, statuses }: ConditionFacts): Claim => {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  if (statuses.some(hasStarted)) return { type, status: 'True' };
  const incomplete = (pod.spec?.initContainers ?? []).filter((container) => {
    const status = initStatuses.find(({ name }) => name === container.name);
    return isSidecar(container) ? !status?.started : !status?.ready;
  });
  if (incomplete.length === 0) return { type, status: 'True' };
  const message = `containers with incomplete status: ${nameList(incomplete)}`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
};

const hasStarted = ({ state, lastState, restartCount }: ContainerStatus): boolean =>
  Boolean(state?.running || state?.terminated || lastState?.terminated || restartCount > 0);

const containersReadyClaim = ({ pod, phase, initStatuses, statuses }: ConditionFacts): Claim => {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
  const all = [...initStatuses, ...statuses];
  const unready = [...sidecars, ...(pod.spec?.containers ?? [])].filter(
    (container) => !all.find(({ name }) => name === container.name)?.ready,
  );
  if (unready.length === 0) return { type, status: 'True' };
  const message = `containers with unready status: ${nameList(unready)}`;
  return { type, status: 'False', reason: 'ContainersNotReady', message };
};

const readyClaim = (pod: Pod, containersReady: Claim, before: readonly PodCondition[]): Claim => {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const problems = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = before.find(({ type }) => type === conditionType);
    if (!condition)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (problems.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
};

/** As Go prints a list of strings. */
const nameList = (containers: readonly { readonly name: string }[]): string =>
  `[${containers.map(({ name }) => name).join(' ')}]`;
