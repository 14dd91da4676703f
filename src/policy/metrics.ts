// What the policy agent of this thread did.
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { exponentialBounds, histogram } from '../metrics/histogram.ts';

const bounds = exponentialBounds(0.0005, 2, 15);

export const programmingSeconds = histogram({
  name: 'podnet_policy_programming_duration_seconds',
  help: 'From the first change of a policy, pod, namespace or node that the agent hears of to the kernel that has it',
  bounds,
});

export const syncSeconds = histogram({
  name: 'podnet_policy_sync_duration_seconds',
  help: 'Compiling the changes and writing them to the kernel',
  bounds,
});

export const syncFailures = counter({
  name: 'podnet_policy_sync_failures_total',
  help: 'Transactions that the kernel refused',
});

export const repairs = counter({
  name: 'podnet_policy_repairs_total',
  help: 'How often the table was put right after others had written to it',
});

export const podWaitSeconds = histogram({
  name: 'podnet_policy_pod_wait_duration_seconds',
  help: 'How long a pod with its wire waited for its policies before its containers were started',
  bounds,
});

export const lateGates = counter({
  name: 'podnet_policy_pod_wait_timeouts_total',
  help: 'Pods whose containers were started with their network still closed',
});

export const cutConnections = counter({
  name: 'podnet_policy_cut_connections_total',
  help: 'Connections ended since policies no longer allow them',
});

export const lastSync = gauge({
  name: 'podnet_policy_last_sync_timestamp_seconds',
  help: 'When the kernel was last in line with all that the agent had heard of',
});

export const policyMetrics: readonly Family[] = [
  programmingSeconds,
  syncSeconds,
  syncFailures,
  repairs,
  podWaitSeconds,
  lateGates,
  cutConnections,
  lastSync,
];
