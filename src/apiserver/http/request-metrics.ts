// Requests under kube-apiserver's names (k8s.io/apiserver pkg/endpoints/metrics, 1.36). Controllers of this process call the
// registry without a request and are not in them.
import { ApiError } from '../../k8s/api-error.ts';
import { counter } from '../../metrics/counter.ts';
import type { Family } from '../../metrics/family.ts';
import { gauge } from '../../metrics/gauge.ts';
import { histogram } from '../../metrics/histogram.ts';
import { startStopwatch } from '../../metrics/stopwatch.ts';
import type { Answer, ApiRequest, StreamAnswer } from './exchange.ts';
import type { ResourcePath, Verb } from './request-path.ts';

const RESOURCE = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

const requests = counter({
  name: 'apiserver_request_total',
  help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
  labels: [...RESOURCE, 'dry_run', 'code'],
});

const seconds = histogram({
  name: 'apiserver_request_duration_seconds',
  help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component. Without watches and other streams.',
  labels: [...RESOURCE, 'dry_run'],
  // fewer than kube-apiserver's, of which each resource and verb would take 25
  bounds: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
});

const inflight = gauge({
  name: 'apiserver_current_inflight_requests',
  help: 'Number of currently used inflight request limit of this apiserver per request kind.',
  labels: ['request_kind'],
});

const longRunning = gauge({
  name: 'apiserver_longrunning_requests',
  help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component.',
  labels: RESOURCE,
});

export const requestMetrics: readonly Family[] = [requests, seconds, inflight, longRunning];

/** A resource that is served, and what is asked of it; undefined for a method that it has not. */
type Counted = ResourcePath & { readonly verb: Verb | undefined };

/** Answers a request and counts it. `counted` undefined: a document, or nothing that is served. */
export const countRequest = async (
  { method, query }: Pick<ApiRequest, 'method' | 'query'>,
  counted: Counted | undefined,
  answer: () => Answer | Promise<Answer>,
): Promise<Answer> => {
  const resource = resourceLabels(counted);
  const dryRun = query.get('dryRun') ? 'All' : '';
  const kind = method === 'GET' ? 'readOnly' : 'mutating';
  const elapsed = startStopwatch();
  inflight.add(1, kind);
  try {
    const given = await answer();
    requests.inc(1, ...resource, dryRun, given.kind === 'document' ? String(given.code) : '200');
    if (given.kind === 'stream') return countStream(given, resource);
    seconds.observe(elapsed(), ...resource, dryRun);
    return given;
  } catch (error) {
    requests.inc(1, ...resource, dryRun, error instanceof ApiError ? String(error.code) : '500');
    seconds.observe(elapsed(), ...resource, dryRun);
    throw error;
  } finally {
    inflight.add(-1, kind);
  }
};

type ResourceLabels = readonly [string, string, string, string, string, string, string];

const resourceLabels = (counted: Counted | undefined): ResourceLabels => [
  counted?.verb?.toUpperCase() ?? 'OTHER',
  counted?.group ?? '',
  counted?.version ?? '',
  counted?.resource ?? '',
  counted?.subresource ?? '',
  counted ? scopeOf(counted) : '',
  'apiserver',
];

const scopeOf = ({ namespace, name }: ResourcePath): string => {
  if (name !== undefined) return 'resource';
  return namespace === undefined ? 'cluster' : 'namespace';
};

const countStream = (answer: StreamAnswer, resource: ResourceLabels): StreamAnswer => ({
  ...answer,
  start: (response) => {
    longRunning.add(1, ...resource);
    response.on('close', () => longRunning.add(-1, ...resource));
    answer.start(response);
  },
});
