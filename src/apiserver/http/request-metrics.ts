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
  const series = seriesOf(counted, query.get('dryRun') ? 'All' : '');
  const now = method === 'GET' ? reading : writing;
  const elapsed = startStopwatch();
  now.add(1);
  try {
    const given = await answer();
    series.answered(given.kind === 'document' ? given.code : 200);
    if (given.kind === 'stream') return countStream(given, series);
    series.took(elapsed());
    return given;
  } catch (error) {
    series.answered(error instanceof ApiError ? error.code : 500);
    series.took(elapsed());
    throw error;
  } finally {
    now.add(-1);
  }
};

const reading = inflight.with('readOnly');
const writing = inflight.with('mutating');

/** What is counted of requests with the same labels. */
type Series = {
  readonly answered: (code: number) => void;
  readonly took: (seconds: number) => void;
  readonly opened: (difference: 1 | -1) => void;
};

/** By all labels but the code: to find the series of nine labels each time would cost more than a small request. */
const known = new Map<string, Series>();

const seriesOf = (counted: Counted | undefined, dryRun: string): Series => {
  const key = counted
    ? `${counted.verb}/${counted.group}/${counted.version}/${counted.resource}/${counted.subresource}/${scopeOf(counted)}/${dryRun}`
    : dryRun;
  const found = known.get(key);
  if (found) return found;
  const series = newSeries(resourceLabels(counted), dryRun);
  known.set(key, series);
  return series;
};

const newSeries = (resource: ResourceLabels, dryRun: string): Series => {
  let duration: ReturnType<typeof seconds.with> | undefined; // watches have none
  const byCode = new Map<number, { readonly inc: (by: number) => void }>();
  return {
    answered: (code) => {
      const counter = byCode.get(code) ?? requests.with(...resource, dryRun, String(code));
      byCode.set(code, counter);
      counter.inc(1);
    },
    took: (value) => (duration ??= seconds.with(...resource, dryRun)).observe(value),
    opened: (difference) => longRunning.add(difference, ...resource),
  };
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

const countStream = (answer: StreamAnswer, series: Series): StreamAnswer => ({
  ...answer,
  start: (response) => {
    series.opened(1);
    response.on('close', () => series.opened(-1));
    answer.start(response);
  },
});
