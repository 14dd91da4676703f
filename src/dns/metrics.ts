// What the DNS of this thread did, under CoreDNS' names (coredns 1.14: plugin/metrics, cache, forward, kubernetes).
import { counter } from '../metrics/counter.ts';
import { familyOf } from '../metrics/family.ts';
import type { Family } from '../metrics/family.ts';
import { exponentialBounds, histogram } from '../metrics/histogram.ts';
import { requestCounts, responseCounts } from './tally.ts';

/** CoreDNS' plugin/metrics/vars: 0.25 ms to 8 s. */
const BOUNDS = exponentialBounds(0.00025, 2, 16);

/** There is one server, one zone as CoreDNS counts them, and no view; dashboards choose by these labels. */
const SITE = { server: 'dns://:53', zone: '.', view: '' };

const withSite = (family: Family): Family => ({
  ...family,
  labelNames: [...Object.keys(SITE), ...family.labelNames],
  samples: () => family.samples().map((sample) => ({ ...sample, labels: { ...SITE, ...sample.labels } })),
});

const requests = familyOf(
  {
    name: 'coredns_dns_requests_total',
    help: 'Counter of DNS requests made per zone, protocol and family.',
    labels: ['proto', 'family', 'type'],
  },
  'counter',
  requestCounts,
);

const responses = familyOf(
  {
    name: 'coredns_dns_responses_total',
    help: 'Counter of response status codes.',
    labels: ['rcode', 'plugin'],
  },
  'counter',
  responseCounts,
);

export const requestSeconds = histogram({
  name: 'coredns_dns_request_duration_seconds',
  help: 'Histogram of the time (in seconds) each request took per zone.',
  bounds: BOUNDS,
});

export const cacheRequests = counter({
  name: 'coredns_cache_requests_total',
  help: 'The count of cache requests.',
});

export const cacheHits = counter({
  name: 'coredns_cache_hits_total',
  help: 'The count of cache hits.',
  labels: ['type'],
});

export const cacheMisses = counter({
  name: 'coredns_cache_misses_total',
  help: 'The count of cache misses.',
});

export const prefetches = counter({
  name: 'coredns_cache_prefetch_total',
  help: 'The number of times the cache has prefetched a cached item.',
});

export const servedStale = counter({
  name: 'coredns_cache_served_stale_total',
  help: 'The number of requests served from stale cache entries.',
});

export const askedServers = histogram({
  name: 'coredns_proxy_request_duration_seconds',
  help: 'Histogram of the time each request to another server took, by its answer.',
  labels: ['to', 'rcode'],
  bounds: BOUNDS,
});

export const failedHealthChecks = counter({
  name: 'coredns_proxy_healthcheck_failures_total',
  help: 'Counter of the number of failed healthchecks.',
  labels: ['to'],
});

export const brokenHealthChecks = counter({
  name: 'coredns_forward_healthcheck_broken_total',
  help: 'Counter of the number of complete failures of the healthchecks.',
});

export const rejects = counter({
  name: 'coredns_forward_max_concurrent_rejects_total',
  help: 'Counter of the number of queries rejected because the concurrent queries were at maximum.',
});

export const programmingSeconds = histogram({
  name: 'coredns_kubernetes_dns_programming_duration_seconds',
  help: 'Histogram of the time (in seconds) it took to program a dns instance.',
  labels: ['service_kind'],
  bounds: exponentialBounds(0.001, 2, 20),
});

export const dnsMetrics: readonly Family[] = [
  ...[requests, requestSeconds, responses].map(withSite),
  cacheRequests,
  cacheHits,
  cacheMisses,
  prefetches,
  servedStale,
  askedServers,
  failedHealthChecks,
  brokenHealthChecks,
  rejects,
  programmingSeconds,
];
