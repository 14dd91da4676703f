// Does a rolling update of a 20-pod Deployment under 2,000 new connections a second fail a request?
// Each pod waits a second before it stops (preStop), as every guide advises: the proxies hear of its end in that time.
import { type ClientRequest, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestCluster } from '../test/support/test-cluster.ts';
import { percentile, report } from './report.ts';

const REQUESTS_PER_SECOND = 2000;
const TICK_MS = 10;

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 20
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: c
          image: nginx
          readinessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 1 }
          lifecycle: { preStop: { sleep: { seconds: 1 } } }
---
apiVersion: v1
kind: Service
metadata: { name: cluster }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: local }
spec: { type: NodePort, externalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80 }] }
`;

type Tally = { readonly latencies: number[]; readonly failures: string[] };

/** Sends requests at a steady rate, each on a connection of its own, until `signal` says stop. */
const load = async (url: string, signal: AbortSignal): Promise<Tally> => {
  const tally: Tally = { latencies: [], failures: [] };
  const open = new Set<ClientRequest>();
  let due = performance.now();
  while (!signal.aborted) {
    for (; due <= performance.now(); due += 1000 / REQUESTS_PER_SECOND) send(url, tally, open);
    await delay(TICK_MS);
  }
  while (open.size > 0) await delay(TICK_MS);
  return tally;
};

const send = (url: string, { latencies, failures }: Tally, open: Set<ClientRequest>): void => {
  const start = performance.now();
  const request = get(url, { agent: false, timeout: 5000 }, (response) => {
    response.resume().on('end', () => {
      if (response.statusCode === 200) latencies.push(performance.now() - start);
      else failures.push(`status ${response.statusCode}`);
    });
  });
  open.add(request);
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', (error) => failures.push(error.message));
  request.on('close', () => open.delete(request));
};

const cluster = await startTestCluster('bench-rolling');
try {
  await cluster.kubectl(['apply', '-f', '-'], manifest);
  await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
  const value = (kind: string, path: string): Promise<string> =>
    cluster.kubectl(['get', ...kind.split(' '), '-o', `jsonpath=${path}`]);
  const clusterIp = await value('service cluster', '{.spec.clusterIP}');
  const nodeIp = await value('node node-1', '{.status.addresses[0].address}');
  const [anyPort, localPort] = await Promise.all(
    ['cluster', 'local'].map((name) => value(`service ${name}`, '{.spec.ports[0].nodePort}')),
  );
  const targets = {
    'cluster IP': `http://${clusterIp}/`,
    'node port, policy Cluster': `http://${nodeIp}:${anyPort}/`,
    'node port, policy Local': `http://${nodeIp}:${localPort}/`,
  };
  const rows: string[][] = [];
  for (const [name, url] of Object.entries(targets)) {
    const stop = new AbortController();
    const running = load(url, stop.signal);
    await cluster.kubectl(['rollout', 'restart', 'deployment/web']);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s']);
    await delay(2000); // the last old pods end
    stop.abort();
    const { latencies, failures } = await running;
    const ms = (p: number): string => `${percentile(latencies, p).toFixed(1)} ms`;
    rows.push([
      name,
      String(latencies.length + failures.length),
      String(failures.length),
      ms(0.5),
      ms(0.99),
      [...new Set(failures)].join(', '),
    ]);
  }
  report(
    `rolling update of 20 pods under ${REQUESTS_PER_SECOND} requests/s`,
    ['THROUGH', 'REQUESTS', 'FAILED', 'P50', 'P99', 'ERRORS'],
    rows,
  );
} finally {
  await cluster.down();
}
