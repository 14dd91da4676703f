// What `up` and `status` say about a cluster, from what its API holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClusterSnapshot, renderSnapshot, suggestions, unready } from './summary.ts';

const meta = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
const ready = (status: 'True' | 'False') => [{ type: 'Ready', status }];

const nodeOf = (status: 'True' | 'False'): ClusterSnapshot['nodes'][number] => ({
  metadata: { ...meta, name: 'node-1' },
  spec: { podCIDRs: ['10.244.0.0/24'] },
  status: { addresses: [{ type: 'InternalIP', address: '172.30.0.11' }], conditions: ready(status) },
});

const podOf = (name: string, status: object): ClusterSnapshot['pods'][number] => ({
  metadata: { ...meta, name, namespace: 'default' },
  spec: { nodeName: 'node-1', containers: [] },
  status,
});

const serviceOf = (name: string, spec: object): ClusterSnapshot['services'][number] => ({
  metadata: { ...meta, name, namespace: 'default' },
  spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }], ...spec },
});

const balanced: ClusterSnapshot['services'][number] = {
  ...serviceOf('balanced', { type: 'LoadBalancer', clusterIP: '10.96.0.7', externalIPs: ['203.0.113.1'] }),
  status: { loadBalancer: { ingress: [{ ip: '172.30.0.225', ipMode: 'VIP' }] } },
};

const deploymentOf = (availableReplicas: number): ClusterSnapshot['deployments'][number] => ({
  metadata: { ...meta, name: 'web', namespace: 'default', generation: 2 },
  spec: { replicas: 2, selector: {}, template: {} },
  status: { observedGeneration: 2, updatedReplicas: 2, availableReplicas },
});

const whole: ClusterSnapshot = {
  nodes: [nodeOf('True')],
  pods: [podOf('web', { phase: 'Running', podIPs: [{ ip: '10.244.0.2' }], conditions: ready('True') })],
  services: [
    serviceOf('kubernetes', { clusterIP: '10.96.0.1' }),
    serviceOf('web', { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] }),
  ],
  deployments: [deploymentOf(2)],
};

describe('unready()', () => {
  it('is empty when all is ready, finished or on its way out', () => {
    assert.deepEqual(unready(whole), []);
    const leaving = podOf('old', { phase: 'Running' });
    const gone = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    assert.deepEqual(unready({ ...whole, pods: [gone, podOf('done', { phase: 'Succeeded' })] }), []);
  });

  it('says of each thing what it waits for', () => {
    const waiting = { reason: 'ErrImagePull', message: 'no image x' };
    const pods = [
      podOf('pull', { phase: 'Pending', containerStatuses: [{ state: { waiting } }] }),
      podOf('fit', {
        conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }],
      }),
      podOf('new', {}),
    ];
    assert.deepEqual(unready({ ...whole, nodes: [nodeOf('False')], deployments: [deploymentOf(1)], pods }), [
      'node/node-1: not Ready',
      'deployment/web in default: 1 of 2 replicas available',
      'pod/pull in default: ErrImagePull: no image x',
      'pod/fit in default: 0/1 nodes are available',
      'pod/new in default: Pending',
    ]);
  });

  it('waits for the addresses of load balancers, but not for programs that may not be there', () => {
    const services = [
      serviceOf('lb', { type: 'LoadBalancer' }),
      serviceOf('other', { type: 'LoadBalancer', loadBalancerClass: 'example.org/lb' }),
      balanced,
    ];
    assert.deepEqual(unready({ ...whole, services }), [
      "service/lb in default: no load balancer's address yet",
    ]);
  });
});

describe('renderSnapshot()', () => {
  it('shows nodes, pods and Services with their addresses', () => {
    assert.equal(
      renderSnapshot(whole),
      `NODE     STATUS   ADDRESSES     POD CIDRS
node-1   Ready    172.30.0.11   10.244.0.0/24

NAMESPACE   POD   STATUS   IPS          NODE
default     web   Ready    10.244.0.2   node-1

NAMESPACE   SERVICE      TYPE       CLUSTER-IPS   EXTERNAL-IPS   PORTS
default     kubernetes   NodePort   <none>        <none>         80:30080/TCP
default     web          NodePort   10.96.0.9     <none>         80:30080/TCP
`,
    );
  });
});

describe('a load balancer', () => {
  it('is shown with its address and how to reach it', () => {
    const snapshot = { ...whole, services: [balanced] };
    assert.match(renderSnapshot(snapshot), / 172\.30\.0\.225,203\.0\.113\.1 +80:30080\/TCP/);
    assert.match(
      suggestions(snapshot, 'kubectl').join('\n'),
      /^curl http:\/\/172\.30\.0\.225:80 +# the same at its load balancer$/m,
    );
  });
});

describe('suggestions()', () => {
  const lines = (snapshot: ClusterSnapshot): string => suggestions(snapshot, 'kubectl').join('\n');

  it('gives command lines for what is there', () => {
    assert.equal(
      lines(whole),
      `kubectl get pods,services -A -o wide
curl http://10.96.0.9:80    # Service default/web, from this machine
curl http://172.30.0.11:30080    # the same at its NodePort
kubectl exec -n default web -- env`,
    );
  });

  it('writes IPv6 addresses as URLs have them, and leaves out what curl cannot ask', () => {
    const services = [
      serviceOf('six', { type: 'ClusterIP', clusterIP: 'fd00::9', ports: [{ port: 80, protocol: 'TCP' }] }),
      serviceOf('headless', { clusterIP: 'None' }),
    ];
    assert.match(lines({ ...whole, services }), /\ncurl http:\/\/\[fd00::9\]:80 .*\nkubectl exec/);
  });
});
