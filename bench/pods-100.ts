// How long do 100 pods on 3 nodes take from `kubectl apply` to all Ready?
import { startTestCluster } from '../test/support/test-cluster.ts';
import { report } from './report.ts';

const PODS = 100;

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: many }
spec:
  replicas: ${PODS}
  selector: { matchLabels: { app: many } }
  template:
    metadata: { labels: { app: many } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: c, image: podnet/toolbox, command: [sleep, infinity] }] }
`;

const cluster = await startTestCluster('bench-pods');
try {
  const start = performance.now();
  await cluster.kubectl(['apply', '-f', '-'], manifest);
  const applied = performance.now();
  await cluster.kubectl(['rollout', 'status', 'deployment/many', '--timeout=120s']);
  const ready = performance.now();
  await cluster.kubectl(['delete', 'deployment', 'many', '--wait=true', '--cascade=foreground']);
  const gone = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  report(
    `${PODS} pods on 3 nodes`,
    ['WHAT', 'TOOK'],
    [
      ['kubectl apply', seconds(applied - start)],
      [`apply to all ${PODS} Ready`, seconds(ready - start)],
      ['delete to all gone', seconds(gone - ready)],
    ],
  );
} finally {
  await cluster.down();
}
