// Does a rolling update of a 20-pod Deployment under 2,000 new connections a second fail a request?
// Through each traffic policy: from the host, for internalTrafficPolicy Local from a node.
// Each pod waits a second before it stops (preStop), as every guide advises: the proxies hear of its end in that time.
import { setTimeout as delay } from 'node:timers/promises';
import { netnsPath } from '../src/kernel/netns.ts';
import { startTestCluster } from '../test/support/test-cluster.ts';
import { percentile, report } from './report.ts';
import { startLoad } from './request-load.ts';

const REQUESTS_PER_SECOND = 2000;

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
spec:
  type: NodePort
  internalTrafficPolicy: Local
  externalTrafficPolicy: Local
  selector: { app: web }
  ports: [{ port: 80 }]
`;

const cluster = await startTestCluster('bench-rolling');
try {
  await cluster.kubectl(['apply', '-f', '-'], manifest);
  await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
  const value = (kind: string, path: string): Promise<string> =>
    cluster.kubectl(['get', ...kind.split(' '), '-o', `jsonpath=${path}`]);
  const [clusterIp, localIp] = await Promise.all(
    ['cluster', 'local'].map((name) => value(`service ${name}`, '{.spec.clusterIP}')),
  );
  const nodeIp = await value('node node-1', '{.status.addresses[0].address}');
  const [anyPort, localPort] = await Promise.all(
    ['cluster', 'local'].map((name) => value(`service ${name}`, '{.spec.ports[0].nodePort}')),
  );
  const targets = {
    'cluster IP, policy Cluster': { url: `http://${clusterIp}/` },
    'cluster IP, policy Local': {
      url: `http://${localIp}/`,
      netns: netnsPath('podnet-bench-rolling-node-1'),
    },
    'node port, policy Cluster': { url: `http://${nodeIp}:${anyPort}/` },
    'node port, policy Local': { url: `http://${nodeIp}:${localPort}/` },
  };
  const rows: string[][] = [];
  for (const [name, target] of Object.entries(targets)) {
    const stop = startLoad({ ...target, requestsPerSecond: REQUESTS_PER_SECOND });
    await cluster.kubectl(['rollout', 'restart', 'deployment/web']);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s']);
    await delay(2000); // the last old pods end
    const { latencies, failures } = await stop();
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
