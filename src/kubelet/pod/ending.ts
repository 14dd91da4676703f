// Whether a pod must end, and how much time it has.
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { parseTime } from '../../k8s/time.ts';
import type { Ending } from './pod-view.ts';
import { refusalOf } from './refusal.ts';

/** `isGone`: the pod is no longer in the API, by force. */
export const endingOf = (pod: Stored<Pod>, isGone: boolean, nowMs: number): Ending | undefined => {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const ofSpec = pod.spec?.terminationGracePeriodSeconds ?? 30;
  // A process always gets a second to hear the signal (kubelet's calculateEffectiveGracePeriod).
  const graceSeconds = Math.max(1, deletionGracePeriodSeconds ?? ofSpec);
  if (deletionTimestamp || isGone) return { kind: 'deleted', graceSeconds };
  const refusal = refusalOf(pod.spec);
  if (refusal) return { kind: 'failed', graceSeconds: Math.max(1, ofSpec), ...refusal };
  if ((deadlineMs(pod) ?? Infinity) > nowMs) return undefined;
  return {
    kind: 'failed',
    graceSeconds: Math.max(1, ofSpec),
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };
};

/** When the pod's activeDeadlineSeconds are over. */
export const deadlineMs = ({ spec, status }: Stored<Pod>): number | undefined =>
  spec?.activeDeadlineSeconds === undefined || !status?.startTime
    ? undefined
    : parseTime(status.startTime) + spec.activeDeadlineSeconds * 1000;
