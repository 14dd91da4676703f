// Counts starts of pods and containers for the metrics.
import type { Container, PodStatus } from '../../k8s/generated/types.ts';
import * as metrics from '../metrics.ts';
import type { PodRecord } from './pod-record.ts';

export const countStart = (record: PodRecord, container: Container): void =>
  metrics.startedContainers.inc(1, containerType(record, container));

/** `reason`: as in the container's waiting state. */
export const countStartFailure = (record: PodRecord, container: Container, reason: string): void =>
  metrics.startedContainersErrors.inc(1, containerType(record, container), reason);

const containerType = ({ pod }: PodRecord, { name }: Container): string =>
  pod.spec?.initContainers?.some((init) => init.name === name) ? 'init_container' : 'container';

/** Called with each status that the pod is given; the first that says Running counts. */
export const countPodStart = (record: PodRecord, status: PodStatus, nowMs: number): void => {
  if (record.hasRun || status.phase !== 'Running') return;
  record.hasRun = true;
  // a pod that ran before this kubelet started was not started by it
  if (record.pod.status?.phase !== 'Running')
    metrics.podStartSeconds.observe((nowMs - record.seenAtMs) / 1000);
};
