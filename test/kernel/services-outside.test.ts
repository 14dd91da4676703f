// Packets from outside the cluster and to its outside addresses: load balancers, external IPs, source ranges, policies.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Endpoint, Service, ServiceSpec } from '../../src/k8s/generated/types.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent } from '../support/proxy-agent.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import {
  NODE_ADDRESSES,
  OUTSIDE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from '../support/service-lab.ts';
import type { Lab } from '../support/service-lab.ts';
import { bothFamilies, service } from '../support/service-objects.ts';

const site = {
  nodeName: 'node-1',
  zone: undefined,
  nodeAddresses: NODE_ADDRESSES,
  podCidrs: POD_CIDRS,
  serviceCidrs: SERVICE_CIDRS,
};
const ports = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'udp', port: 80, protocol: 'UDP' },
];
const slicePorts = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
];
/** The load balancers' and external addresses: nobody has them. */
const OUTSIDE_IPS = [
  ['198.51.100.1', '2001:db8:1::1'],
  ['198.51.100.2', '2001:db8:1::2'],
] as const;

for (const [index, family] of ['IPv4', 'IPv6'].entries()) {
  describe(`outside addresses of Services, ${family} packets`, () => {
    let lab: Lab;
    let proxy: ProxyAgent;
    const pod = (n: number): string => podAddresses(n)[index]!;
    const node = NODE_ADDRESSES[index]!;
    const outsideAddress = OUTSIDE_ADDRESSES[index]!;
    const [first, second] = OUTSIDE_IPS.map((pair) => pair[index]!) as [string, string];
    const put = (name: string, n: number, spec: ServiceSpec, status: Service['status'] = {}): void =>
      proxy.order({ put: 'service', object: { ...service(name, n, { ports, ...spec }), status } });
    const endpoints = (name: string, pods: readonly number[], endpoint: Partial<Endpoint> = {}): void => {
      for (const each of bothFamilies(name, pods.map(podAddresses), { ports: slicePorts, endpoint }))
        proxy.order({ put: 'slice', object: each });
    };
    const balanced = (ips: readonly string[], ipMode?: string): Service['status'] => ({
      loadBalancer: { ingress: ips.map((ip) => ({ ip, ...(ipMode ? { ipMode } : {}) })) },
    });
    const call = (from: NetnsAgent, host: string, transport: 'tcp' | 'udp' = 'tcp', port = 80) =>
      from.dial({ host, port, transport });
    const settles = (from: NetnsAgent, host: string, wanted: RegExp, port = 80): Promise<unknown> =>
      eventually(
        `${host} answers ${wanted}`,
        async () => wanted.test(await call(from, host, 'tcp', port)),
        8000,
      );
    const everyone = (): readonly NetnsAgent[] => [lab.outside, lab.node, lab.pods[2]!];

    before(async () => {
      lab = await createLab(`out${index}`, 3);
      proxy = await startProxyAgent({ netns: lab.nodeNetns, ...site, services: [], slices: [] });
    });
    after(async () => {
      await proxy?.close();
      await lab?.close();
    });

    it('takes what is sent to a load balancer or an external IP, from everywhere, hiding the client', async () => {
      endpoints('lb', [1]);
      put('lb', 10, { type: 'LoadBalancer', externalIPs: [second] }, balanced([first]));
      await settles(lab.outside, first, /^pod-1/);
      for (const from of everyone()) {
        for (const ip of [first, second]) {
          for (const transport of ['tcp', 'udp'] as const) {
            const answer = await call(from, ip, transport);
            assert.match(answer, /^pod-1 /);
            assert.doesNotMatch(answer, new RegExp(` (${outsideAddress}|${pod(3)})$`), 'masqueraded');
          }
        }
      }
    });

    it('brings a pod back to itself through a load balancer', async () => {
      assert.match(await call(lab.pods[0]!, first), /^pod-1 /);
    });

    it('refuses at those addresses while there is no endpoint', async () => {
      endpoints('lb', []);
      await settles(lab.outside, first, /ECONNREFUSED/);
      for (const from of everyone()) {
        for (const ip of [first, second]) {
          assert.equal(await call(from, ip), 'error ECONNREFUSED');
          assert.equal(await call(from, ip, 'udp'), 'error ECONNREFUSED');
        }
      }
    });

    it('leaves a load balancer with ipMode Proxy alone', async () => {
      endpoints('lb', [1]);
      put('lb', 10, { type: 'LoadBalancer' }, balanced([second]));
      await settles(lab.node, second, /^pod-1/);
      put('lb', 10, { type: 'LoadBalancer' }, balanced([second], 'Proxy'));
      // nobody has the address: the packets leave the node, and the machine outside does not know it either
      await settles(lab.node, second, /ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/);
    });

    it('with externalTrafficPolicy Local shows the client as it is, and the cluster reaches all endpoints', async () => {
      const spec: ServiceSpec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
      put('lb', 10, spec, balanced([first]));
      await settles(lab.outside, first, new RegExp(`^pod-1 ${outsideAddress}$`));
      assert.equal(await call(lab.pods[2]!, first), `pod-1 ${pod(3)}`);
      endpoints('lb', [1], { nodeName: 'node-2' });
      await settles(lab.outside, first, /ETIMEDOUT/);
      assert.equal(await call(lab.outside, first, 'udp'), 'error ETIMEDOUT', 'dropped, not refused');
      assert.equal(
        await call(lab.pods[2]!, first),
        `pod-1 ${pod(3)}`,
        'k/k 131765: pods are not bound to this node',
      );
      assert.match(await call(lab.node, first), /^pod-1/);
    });

    it('with Local falls back to endpoints of this node that terminate but serve', async () => {
      const terminating = { conditions: { ready: false, serving: true, terminating: true } };
      endpoints('lb', [2], terminating);
      await settles(lab.outside, first, new RegExp(`^pod-2 ${outsideAddress}$`));
      endpoints('lb', [2], { conditions: { ready: false, serving: false, terminating: true } });
      await settles(lab.outside, first, /ECONNREFUSED/);
    });

    it('drops what comes from beyond the source ranges, at the load balancer only', async () => {
      endpoints('lb', [1]);
      const spec = (ranges: readonly string[]): ServiceSpec => ({
        type: 'LoadBalancer',
        externalIPs: [second],
        loadBalancerSourceRanges: ranges,
      });
      const bits = index === 0 ? 32 : 128;
      put('lb', 10, spec([`${outsideAddress}/${bits}`]), balanced([first]));
      await settles(lab.pods[2]!, first, /ETIMEDOUT/);
      assert.match(await call(lab.outside, first), /^pod-1/);
      assert.match(await call(lab.outside, first, 'udp'), /^pod-1/);
      assert.equal(await call(lab.pods[2]!, first, 'udp'), 'error ETIMEDOUT', 'pods too');
      assert.match(await call(lab.pods[2]!, second), /^pod-1/, 'an external IP has no ranges');
      const cluster = index === 0 ? '10.96.0.10' : 'fd00:96::10';
      assert.match(await call(lab.pods[2]!, cluster), /^pod-1/);
      put('lb', 10, spec([POD_CIDRS[index]!, '10.1.0.0/16']), balanced([first]));
      await settles(lab.pods[2]!, first, /^pod-1/);
      assert.equal(await call(lab.outside, first), 'error ETIMEDOUT');
      put('lb', 10, spec([]), balanced([first]));
      await settles(lab.outside, first, /^pod-1/);
    });

    it('internalTrafficPolicy Local never leaves the node: cluster IP connections are dropped', async () => {
      const cluster = index === 0 ? '10.96.0.12' : 'fd00:96::12';
      endpoints('inner', [1]);
      put('inner', 12, { internalTrafficPolicy: 'Local' });
      await settles(lab.pods[2]!, cluster, /^pod-1/);
      endpoints('inner', [1], { nodeName: 'node-2' });
      await settles(lab.pods[2]!, cluster, /ETIMEDOUT/);
      for (const from of everyone()) assert.equal(await call(from, cluster, 'udp'), 'error ETIMEDOUT');
    });

    it('answers load balancers on healthCheckNodePort, for ready endpoints only', async () => {
      const spec: ServiceSpec = {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32_000,
      };
      const ask = (): Promise<string> =>
        lab.outside.ask({ host: node, port: 32_000 }, 'GET / HTTP/1.0\r\n\r\n');
      const answers = (wanted: RegExp) =>
        eventually(`the health check answers ${wanted}`, async () => wanted.test(await ask()));
      endpoints('lb', [1, 2]);
      put('lb', 10, spec, balanced([first]));
      await answers(/^HTTP\/1.1 200 /);
      assert.match(await ask(), /X-Load-Balancing-Endpoint-Weight: 2\r\n/);
      assert.match(
        await ask(),
        /\{"service":\{"namespace":"ns","name":"lb"\},"localEndpoints":2,"serviceProxyHealthy":true\}$/,
      );
      endpoints('lb', [1], { conditions: { ready: false, serving: true, terminating: true } });
      await answers(/^HTTP\/1.1 503 /);
      assert.match(await call(lab.outside, first), /^pod-1/, 'traffic that comes nevertheless is served');
      put('lb', 10, { ...spec, externalTrafficPolicy: 'Cluster' }, balanced([first]));
      await answers(/ECONNREFUSED/);
      put('lb', 10, spec, balanced([first]));
      await answers(/^HTTP\/1.1 503 /);
      proxy.order({ remove: 'service', key: 'ns/lb' });
      await answers(/ECONNREFUSED/);
    });

    it('says at /healthz whether the node is to be drained, and at /livez only how it is itself', async () => {
      const ask = (path: string): Promise<string> =>
        lab.outside.ask({ host: node, port: 10_256 }, `GET ${path} HTTP/1.0\r\n\r\n`);
      await eventually('the server is there', async () => /^HTTP\/1.1 200 /.test(await ask('/healthz')));
      assert.match(await ask('/healthz'), /\{"lastUpdated":".*","currentTime":".*","nodeEligible":true\}$/);
      const taints = [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }];
      proxy.order({ put: 'node', object: { metadata: { name: 'node-1' }, spec: { taints } } });
      await eventually('the node is drained', async () => /^HTTP\/1.1 503 /.test(await ask('/healthz')));
      assert.match(await ask('/livez'), /^HTTP\/1.1 200 /);
      assert.match(await ask('/else'), /^HTTP\/1.1 404 /);
    });
  });
}
