// What policies see of connections to Services, by both back ends of the proxy: the endpoint and its port, the source as it
// was sent.
//
//   host ── node-1 (pod a, pod b) ── node-2 (pod c)
import { after, before, beforeEach, describe, it } from 'node:test';
import type { EndpointSlice, NetworkPolicyPeer, ServiceSpec } from '../../src/k8s/generated/types.ts';
import type { BackEnd } from '../../src/services/ebpf/open-sockets.ts';
import { ALL, NONE, TCP, createPolicyLab } from './policy-lab.ts';
import type { PodName, PolicyLab } from './policy-lab.ts';
import { startProxyAgent } from './proxy-agent.ts';
import type { ProxyAgent } from './proxy-agent.ts';
import { service } from './service-objects.ts';
import { makeCgroup, removeCgroup } from './test-cgroup.ts';

const NODES = ['node-1', 'node-2', 'node-3'] as const;
const PORTS = ['TCP', 'UDP'] as const;

/** Service number n leads to the pod: port 80 to 8080. */
const SERVICES: Readonly<Record<PodName, number>> = { a: 10, b: 11, c: 12 };
/** The same for c with externalTrafficPolicy Local. */
const LOCAL = 13;

const addressesOf = (n: number): readonly string[] => [`10.106.0.${n}`, `fd00:10:106::${n}`];

const slicesOf = (name: string, pod: PodName, ips: readonly string[]): readonly EndpointSlice[] =>
  ips.map((address, index) => ({
    metadata: { name: `${name}-${index}`, namespace: 'ns', labels: { 'kubernetes.io/service-name': name } },
    addressType: index === 0 ? 'IPv4' : 'IPv6',
    ports: PORTS.map((protocol) => ({ name: protocol.toLowerCase(), port: 8080, protocol })),
    endpoints: [
      { addresses: [address], conditions: { ready: true }, nodeName: pod === 'c' ? 'node-2' : 'node-1' },
    ],
  }));

const pods = (app: string) => ({ podSelector: { matchLabels: { app } } });
const anywhere = (app: string): NetworkPolicyPeer => ({ namespaceSelector: {}, ...pods(app) });
const block = (ip: string): NetworkPolicyPeer => ({
  ipBlock: { cidr: `${ip}/${ip.includes(':') ? 128 : 32}` },
});

export const describePolicyServices = (backEnd: BackEnd): void => {
  const isEbpf = backEnd === 'ebpf';
  const cgroupOf = (node: string): string => `/podnet-test-policies-${process.pid}/${node}`;
  let lab: PolicyLab;
  let proxies: readonly ProxyAgent[] = [];
  const nodeAddresses = (node: string): readonly string[] =>
    lab.config.nodes.find(({ name }) => name === node)!.addresses;
  const put = (name: string, n: number, pod: PodName, spec: ServiceSpec = {}): void => {
    const object = service(name, n, {
      type: 'NodePort',
      clusterIPs: addressesOf(n),
      ports: PORTS.map((protocol) => ({
        name: protocol.toLowerCase(),
        port: 80,
        protocol,
        nodePort: 30_000 + n,
      })),
      ...spec,
    });
    for (const proxy of proxies) {
      proxy.order({ put: 'service', object });
      for (const slice of slicesOf(name, pod, lab.pods[pod].ips))
        proxy.order({ put: 'slice', object: slice });
    }
  };
  before(async () => {
    const folders = new Map(isEbpf ? NODES.map((node) => [node as string, makeCgroup(cgroupOf(node))]) : []);
    lab = await createPolicyLab(`polsvc-${backEnd}`, 'cut', (node) => folders.get(node));
    proxies = await Promise.all(
      NODES.map((node) =>
        startProxyAgent({
          netns: lab.nodeNetns(node),
          nodeName: node,
          zone: undefined,
          nodeAddresses: nodeAddresses(node),
          podCidrs: lab.config.podCidrs,
          serviceCidrs: lab.config.serviceCidrs,
          sockets: { backEnd, podCgroup: cgroupOf(node) },
          services: [],
          slices: [],
        }),
      ),
    );
    for (const [pod, n] of Object.entries(SERVICES)) put(pod, n, pod as PodName);
    put('local', LOCAL, 'c', { externalTrafficPolicy: 'Local' });
  });
  beforeEach(() => lab.reset());
  after(async () => {
    await Promise.all(proxies.map((each) => each.close()));
    await lab?.close();
    if (isEbpf) for (const node of NODES) removeCgroup(cgroupOf(node));
  });

  describe(`policies and Services by ${backEnd}`, () => {
    it('egress sees the endpoint and its port, not the Service', async () => {
      await lab.expectAt([
        ['a', addressesOf(SERVICES.b), 80, ALL],
        ['a', addressesOf(SERVICES.c), 80, ALL],
      ]);
      const only = (port: number) => ({
        ...pods('a'),
        policyTypes: ['Egress'],
        egress: [{ to: [anywhere('c')], ports: [{ port }] }],
      });
      lab.putPolicy('x', 'p', only(8080));
      await lab.expectAt([
        ['a', addressesOf(SERVICES.b), 80, NONE],
        ['a', addressesOf(SERVICES.c), 80, TCP],
      ]);
      lab.putPolicy('x', 'p', only(80));
      await lab.expectAt([['a', addressesOf(SERVICES.c), 80, NONE]]);
    });

    it('a Service’s address in an ipBlock allows nothing, its endpoint’s does', async () => {
      const egressTo = (ips: readonly string[]) => ({
        ...pods('a'),
        policyTypes: ['Egress'],
        egress: [{ to: ips.map(block) }],
      });
      lab.putPolicy('x', 'p', egressTo(addressesOf(SERVICES.c)));
      await lab.expectAt([['a', addressesOf(SERVICES.c), 80, NONE]]);
      lab.putPolicy('x', 'p', egressTo(lab.pods.c.ips));
      await lab.expectAt([['a', addressesOf(SERVICES.c), 80, ALL]]);
    });

    it('ingress sees the pod that sent it', async () => {
      lab.putPolicy('x', 'p', { ...pods('c'), ingress: [{ from: [anywhere('b')] }] });
      await lab.expectAt([
        ['a', addressesOf(SERVICES.c), 80, NONE],
        ['b', addressesOf(SERVICES.c), 80, ALL],
      ]);
    });

    it('at a node port ingress sees the client with traffic policy Local, else the node that was asked', async () => {
      const ingressFrom = (ips: readonly string[]) => ({ ...pods('c'), ingress: [{ from: ips.map(block) }] });
      await lab.expectAt([
        ['host', nodeAddresses('node-1'), 30_000 + SERVICES.c, ALL],
        ['host', nodeAddresses('node-2'), 30_000 + LOCAL, ALL],
      ]);
      lab.putPolicy('x', 'p', ingressFrom(lab.config.hostAddresses));
      await lab.expectAt([
        ['host', nodeAddresses('node-1'), 30_000 + SERVICES.c, NONE],
        ['host', nodeAddresses('node-2'), 30_000 + LOCAL, ALL],
      ]);
      lab.putPolicy('x', 'p', ingressFrom(nodeAddresses('node-1')));
      await lab.expectAt([
        ['host', nodeAddresses('node-1'), 30_000 + SERVICES.c, ALL],
        ['host', nodeAddresses('node-2'), 30_000 + LOCAL, NONE],
      ]);
    });

    // with sockets translated it is the pod's own address that the pod connects to: that is always reached
    it('a pod that reaches itself through a Service is a peer like any other', { skip: isEbpf }, async () => {
      await lab.expectAt([['a', addressesOf(SERVICES.a), 80, ALL]]);
      lab.putPolicy('x', 'p', { ...pods('a'), ingress: [{ from: [anywhere('b')] }] });
      await lab.expectAt([
        ['a', addressesOf(SERVICES.a), 80, NONE],
        ['b', addressesOf(SERVICES.a), 80, ALL],
      ]);
      lab.putPolicy('x', 'p', { ...pods('a'), ingress: [{ from: [anywhere('a')] }] });
      await lab.expectAt([
        ['a', addressesOf(SERVICES.a), 80, ALL],
        ['b', addressesOf(SERVICES.a), 80, NONE],
      ]);
    });
  });
};
