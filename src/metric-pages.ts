// What each server shows at /metrics. Only wiring; docs/reference/metrics.md is made from these lists.
import { requestMetrics } from './apiserver/http/request-metrics.ts';
import { dnsMetrics } from './dns/metrics.ts';
import { clientMetrics } from './client/metrics.ts';
import { kubeletMetrics } from './kubelet/metrics.ts';
import type { Family } from './metrics/family.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { flowMetrics } from './policy/flows/metrics.ts';
import { policyMetrics } from './policy/metrics.ts';
import { loopMetrics } from './reconcile/metrics.ts';
import { schedulerMetrics } from './scheduler/metrics.ts';
import { proxyMetrics } from './services/metrics.ts';

/** Of the control plane's thread: the API server and the controllers. */
export const controlPlanePage: readonly Family[] = [
  ...requestMetrics,
  ...schedulerMetrics,
  ...loopMetrics,
  ...processMetrics,
];

/** Of a node agent, by its kubelet. */
export const nodePage: readonly Family[] = [
  ...kubeletMetrics,
  ...policyMetrics,
  ...flowMetrics,
  ...clientMetrics,
  ...loopMetrics,
  ...processMetrics,
];

/** Of a node's service proxy, at kube-proxy's port. */
export const proxyPage: readonly Family[] = [...proxyMetrics, ...processMetrics];

/** Of a node's DNS, at CoreDNS' port. */
export const dnsPage: readonly Family[] = [...dnsMetrics, ...processMetrics];
