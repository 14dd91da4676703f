// A pod's phase from its containers' statuses (kubelet_pods.go getPhase, Kubernetes 1.36).
import type { ContainerStatus, PodSpec } from '../../k8s/generated/types.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export type PhaseFacts = {
  readonly spec: PodSpec;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  /** The pod is to end, and none of its containers runs any more. */
  readonly hasEnded: boolean;
  /** An init container failed for good. */
  readonly initFailed: boolean;
  readonly initialized: boolean;
};

export const podPhase = (facts: PhaseFacts): Phase => {
  const { spec, statuses } = facts;
  if (facts.initFailed) return 'Failed';
  const exits = statuses.map(lastExit);
  if (facts.hasEnded) return exits.length > 0 && exits.every((code) => code === 0) ? 'Succeeded' : 'Failed';
  if (!facts.initialized) return 'Pending';
  if (statuses.some(isNeverStarted)) return 'Pending';
  if (statuses.some(({ state }) => state?.running)) return 'Running';
  return phaseOfStopped(spec, exits);
};

const phaseOfStopped = (spec: PodSpec, exits: readonly (number | undefined)[]): Phase => {
  if ((spec.restartPolicy ?? 'Always') === 'Always') return 'Running';
  if (exits.every((code) => code === 0)) return 'Succeeded';
  return spec.restartPolicy === 'Never' ? 'Failed' : 'Running';
};

const isNeverStarted = ({ state, lastState }: ContainerStatus): boolean =>
  !state?.running && !state?.terminated && !lastState?.terminated;

const lastExit = ({ state, lastState }: ContainerStatus): number | undefined =>
  (state?.terminated ?? lastState?.terminated)?.exitCode;
