// What this thread asked of API servers, under client-go's names (component-base/metrics/prometheus/restclient, 1.36).
import { counter } from '../metrics/counter.ts';
import type { Family } from '../metrics/family.ts';
import { histogram } from '../metrics/histogram.ts';
import { startStopwatch } from '../metrics/stopwatch.ts';

const requests = counter({
  name: 'rest_client_requests_total',
  help: 'Number of HTTP requests, partitioned by status code, method, and host.',
  labels: ['code', 'host', 'method'],
});

const seconds = histogram({
  name: 'rest_client_request_duration_seconds',
  help: 'Request latency in seconds, to the start of the answer. Broken down by verb, and host.',
  labels: ['host', 'verb'],
  bounds: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
});

export const clientMetrics: readonly Family[] = [requests, seconds];

/** Sends a request and counts it; one without an answer has the code `<error>`, as client-go calls it. */
export const countSent = async <T extends { readonly status: number }>(
  method: string,
  host: string,
  send: () => Promise<T>,
): Promise<T> => {
  const elapsed = startStopwatch();
  let code = '<error>';
  try {
    const answer = await send();
    code = String(answer.status);
    return answer;
  } finally {
    requests.inc(1, code, host, method);
    seconds.observe(elapsed(), host, method);
  }
};
