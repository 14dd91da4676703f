// What the kubelet of this thread did, under the kubelet's names (kubernetes pkg/kubelet/metrics, 1.36).
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { DEFAULT_BOUNDS, exponentialBounds, histogram } from '../metrics/histogram.ts';

export const nodeName = gauge({
  name: 'kubelet_node_name',
  help: "The node's name. The count is always 1.",
  labels: ['node'],
});

export const runningPods = gauge({
  name: 'kubelet_running_pods',
  help: 'Number of pods that have a running pod sandbox',
});

export const runningContainers = gauge({
  name: 'kubelet_running_containers',
  help: 'Number of containers currently running',
  labels: ['container_state'],
});

export const startedPods = counter({
  name: 'kubelet_started_pods_total',
  help: 'Cumulative number of pods started',
});

export const startedPodsErrors = counter({
  name: 'kubelet_started_pods_errors_total',
  help: 'Cumulative number of errors when starting pods',
});

export const startedContainers = counter({
  name: 'kubelet_started_containers_total',
  help: 'Cumulative number of containers started',
  labels: ['container_type'],
});

export const startedContainersErrors = counter({
  name: 'kubelet_started_containers_errors_total',
  help: 'Cumulative number of errors when starting containers',
  labels: ['container_type', 'code'],
});

export const podStartSeconds = histogram({
  name: 'kubelet_pod_start_duration_seconds',
  help: 'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
  bounds: [
    0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700,
    3600,
  ],
});

export const runSandboxSeconds = histogram({
  name: 'kubelet_run_podsandbox_duration_seconds',
  help: 'Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.',
  labels: ['runtime_handler'],
  bounds: DEFAULT_BOUNDS,
});

export const runSandboxErrors = counter({
  name: 'kubelet_run_podsandbox_errors_total',
  help: 'Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.',
  labels: ['runtime_handler'],
});

const OPERATION = ['operation_type'] as const;

export const runtimeOperations = counter({
  name: 'kubelet_runtime_operations_total',
  help: 'Cumulative number of runtime operations by operation type.',
  labels: OPERATION,
});

export const runtimeOperationSeconds = histogram({
  name: 'kubelet_runtime_operations_duration_seconds',
  help: 'Duration in seconds of runtime operations. Broken down by operation type.',
  labels: OPERATION,
  bounds: exponentialBounds(0.005, 2.5, 14),
});

export const runtimeOperationErrors = counter({
  name: 'kubelet_runtime_operations_errors_total',
  help: 'Cumulative number of runtime operation errors by operation type.',
  labels: OPERATION,
});

export const kubeletMetrics: readonly Family[] = [
  nodeName,
  runningPods,
  runningContainers,
  startedPods,
  startedPodsErrors,
  startedContainers,
  startedContainersErrors,
  podStartSeconds,
  runSandboxSeconds,
  runSandboxErrors,
  runtimeOperations,
  runtimeOperationSeconds,
  runtimeOperationErrors,
];
