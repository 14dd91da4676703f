// What the service proxy of this thread did, under kube-proxy's names (kubernetes pkg/proxy/metrics, 1.36). One sync brings
// both families in line, so that those of syncs have no label ip_family.
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { gauge } from '../metrics/gauge.ts';
import { exponentialBounds, histogram, linearBounds } from '../metrics/histogram.ts';

export const syncSeconds = histogram({
  name: 'kubeproxy_sync_proxy_rules_duration_seconds',
  help: 'SyncProxyRules latency in seconds',
  bounds: exponentialBounds(0.001, 2, 15),
});

export const fullSyncSeconds = histogram({
  name: 'kubeproxy_sync_full_proxy_rules_duration_seconds',
  help: 'SyncProxyRules latency in seconds for full resyncs: of all Services, at the start and when rules were lost',
  bounds: exponentialBounds(0.001, 2, 15),
});

export const partialSyncSeconds = histogram({
  name: 'kubeproxy_sync_partial_proxy_rules_duration_seconds',
  help: 'SyncProxyRules latency in seconds for partial resyncs: of the Services that changed',
  bounds: exponentialBounds(0.001, 2, 15),
});

export const lastSync = gauge({
  name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
  help: 'The last time proxy rules were successfully synced',
});

export const lastQueued = gauge({
  name: 'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
  help: 'The last time a sync of proxy rules was queued',
});

export const programmingSeconds = histogram({
  name: 'kubeproxy_network_programming_duration_seconds',
  help: 'In Cluster Network Programming Latency in seconds: from the change of a Service or pod to the rules',
  labels: ['ip_family'],
  bounds: [
    ...linearBounds(0.25, 0.25, 2),
    ...linearBounds(1, 1, 59),
    ...linearBounds(60, 5, 12),
    ...linearBounds(120, 30, 7),
  ],
});

export const serviceChanges = counter({
  name: 'kubeproxy_sync_proxy_rules_service_changes_total',
  help: 'Cumulative proxy rules Service changes',
});

export const serviceChangesPending = gauge({
  name: 'kubeproxy_sync_proxy_rules_service_changes_pending',
  help: 'Pending proxy rules Service changes',
});

export const endpointChanges = counter({
  name: 'kubeproxy_sync_proxy_rules_endpoint_changes_total',
  help: 'Cumulative proxy rules Endpoint changes',
});

export const endpointChangesPending = gauge({
  name: 'kubeproxy_sync_proxy_rules_endpoint_changes_pending',
  help: 'Pending proxy rules Endpoint changes',
});

export const syncFailures = counter({
  name: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
  help: 'Cumulative proxy nftables sync failures',
});

export const cleanupFailures = counter({
  name: 'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total',
  help: 'Cumulative proxy nftables cleanup failures: chains without use that were not removed',
});

export const noLocalEndpoints = gauge({
  name: 'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
  help: 'Number of ports of Services with a Local traffic policy and no endpoints on this node, but on others',
  labels: ['traffic_policy'],
});

export const healthz = counter({
  name: 'kubeproxy_proxy_healthz_total',
  help: 'Cumulative proxy healthz HTTP status',
  labels: ['code'],
});

export const livez = counter({
  name: 'kubeproxy_proxy_livez_total',
  help: 'Cumulative proxy livez HTTP status',
  labels: ['code'],
});

export const conntrackSeconds = histogram({
  name: 'kubeproxy_conntrack_reconciler_sync_duration_seconds',
  help: 'ReconcileConntrackFlowsLatency latency in seconds: forgetting UDP connections that a sync made stale',
  labels: ['ip_family'],
  bounds: exponentialBounds(0.001, 2, 15),
});

export const conntrackDeleted = counter({
  name: 'kubeproxy_conntrack_reconciler_deleted_entries_total',
  help: 'Cumulative conntrack flows deleted by the conntrack reconciler',
  labels: ['ip_family'],
});

export const proxyMetrics: readonly Family[] = [
  syncSeconds,
  fullSyncSeconds,
  partialSyncSeconds,
  lastSync,
  lastQueued,
  programmingSeconds,
  serviceChanges,
  serviceChangesPending,
  endpointChanges,
  endpointChangesPending,
  syncFailures,
  cleanupFailures,
  noLocalEndpoints,
  healthz,
  livez,
  conntrackSeconds,
  conntrackDeleted,
];
