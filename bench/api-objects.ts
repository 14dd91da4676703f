// Objects as a cluster has them, for the benchmarks of the API server.
import type { Pod, Service } from '../src/k8s/generated/types.ts';

/** Of a Deployment, as the scheduler leaves it. */
export const podOf = (index: number): Pod => ({
  metadata: {
    name: `web-7d4b9c5f6d-${String(index).padStart(5, '0')}`,
    namespace: 'default',
    labels: { app: `web-${index % 500}`, 'pod-template-hash': '7d4b9c5f6d' },
  },
  spec: {
    nodeName: `node-${index % 200}`,
    containers: [
      {
        name: 'web',
        image: 'nginx:1.27',
        ports: [{ containerPort: 80 }],
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
    ],
  },
});

/** As its kubelet writes it. */
export const statusOf = (index: number): Pod['status'] => ({
  phase: 'Running',
  podIP: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  podIPs: [{ ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` }],
  conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
});

export const serviceOf = (index: number): Service => ({
  metadata: { name: `s-${index}`, namespace: 'default' },
  spec: { selector: { app: `web-${index}` }, ports: [{ port: 80, targetPort: 80 }] },
});
