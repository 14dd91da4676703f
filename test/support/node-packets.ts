// What both back ends must do where there are several nodes: the nodes' own programs and pods with hostNetwork as clients
// and as endpoints, node ports of other nodes, the host, and policies that look at the node.
//
//   host ── node-1 (pod a, pod b) ── node-2 (pod c) ── node-3
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EndpointSlice, ServiceSpec } from '../../src/k8s/generated/types.ts';
import type { BackEnd } from '../../src/services/ebpf/open-sockets.ts';
import { startNetnsAgent } from './netns-agent.ts';
import type { NetnsAgent } from './netns-agent.ts';
import { createPodLab } from './pod-lab.ts';
import type { PodLab } from './pod-lab.ts';
import { eventually } from './poll.ts';
import { startProxyAgent } from './proxy-agent.ts';
import type { ProxyAgent } from './proxy-agent.ts';
import { service } from './service-objects.ts';
import { makeCgroup, removeCgroup } from './test-cgroup.ts';

const NODES = ['node-1', 'node-2', 'node-3'] as const;
type NodeName = (typeof NODES)[number];

/** Pods serve on 8080, programs of the nodes themselves on 8081: endpoints with hostNetwork. */
const [POD_PORT, NODE_PORT] = [8080, 8081];

/** Whether the answer is from this endpoint, and to this client where that is said too. */
const isAnswer = (text: string, wanted: string): boolean => text === wanted || text.split(' ')[0] === wanted;

type At = { readonly node: NodeName; readonly ips: readonly string[] };

/** Slices of both families for endpoints on several nodes. */
const slicesOf = (name: string, endpoints: readonly At[], port: number): readonly EndpointSlice[] =>
  [0, 1].map((index) => ({
    metadata: {
      name: `${name}-${index}`,
      namespace: 'ns',
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: index === 0 ? 'IPv4' : 'IPv6',
    ports: [
      { name: 'tcp', port, protocol: 'TCP' },
      { name: 'udp', port, protocol: 'UDP' },
    ],
    endpoints: endpoints.map(({ node, ips }) => ({
      addresses: [ips[index]!],
      conditions: { ready: true },
      nodeName: node,
    })),
  }));

export const describeNodePackets = (backEnd: BackEnd): void => {
  const cgroupOf = (node: string): string => `/podnet-test-nodes-${process.pid}/${node}`;
  let lab: PodLab;
  let proxies: readonly ProxyAgent[] = [];
  const programs = new Map<NodeName, NetnsAgent>();
  const put = (name: string, n: number, endpoints: readonly At[], port: number, spec: ServiceSpec): void => {
    const object = service(name, n, {
      type: 'NodePort',
      clusterIPs: [`10.106.0.${n}`, `fd00:10:106::${n}`],
      ports: (['TCP', 'UDP'] as const).map((protocol) => ({
        name: protocol.toLowerCase(),
        port: 80,
        protocol,
        nodePort: 30_000 + n,
      })),
      ...spec,
    });
    for (const proxy of proxies) {
      proxy.order({ put: 'service', object });
      for (const slice of slicesOf(name, endpoints, port)) proxy.order({ put: 'slice', object: slice });
    }
  };
  const addressesOf = (node: NodeName): readonly string[] =>
    lab.config.nodes.find(({ name }) => name === node)!.addresses;
  const pods = (): readonly At[] => [
    { node: 'node-1', ips: lab.pods.a.ips },
    { node: 'node-2', ips: lab.pods.c.ips },
  ];
  const nodes = (...names: readonly NodeName[]): readonly At[] =>
    names.map((node) => ({ node, ips: addressesOf(node) }));

  before(async () => {
    const isEbpf = backEnd === 'ebpf';
    const folders = new Map(isEbpf ? NODES.map((node) => [node as string, makeCgroup(cgroupOf(node))]) : []);
    lab = await createPodLab(`nodes-${backEnd}`, (node) => folders.get(node));
    for (const node of NODES) {
      const agent = startNetnsAgent(lab.nodeNetns(node));
      for (const transport of ['tcp', 'udp'] as const) await agent.serve(node, transport, NODE_PORT);
      programs.set(node, agent);
    }
    proxies = await Promise.all(
      NODES.map((node) =>
        startProxyAgent({
          netns: lab.nodeNetns(node),
          nodeName: node,
          zone: undefined,
          nodeAddresses: addressesOf(node),
          podCidrs: lab.config.podCidrs,
          serviceCidrs: lab.config.serviceCidrs,
          sockets: { backEnd, podCgroup: cgroupOf(node) },
          services: [],
          slices: [],
        }),
      ),
    );
    put('pods', 10, pods(), POD_PORT, {});
    put('nodes', 11, nodes('node-1', 'node-2'), NODE_PORT, {});
    const local: ServiceSpec = { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local' };
    put('near-pods', 12, pods(), POD_PORT, local);
    put('near-nodes', 13, nodes('node-1', 'node-2'), NODE_PORT, local);
  });
  after(async () => {
    await Promise.all([...proxies, ...programs.values()].map((each) => each.close()));
    await lab?.close();
    if (backEnd === 'ebpf') for (const node of NODES) removeCgroup(cgroupOf(node));
  });

  for (const index of [0, 1] as const)
    for (const transport of ['tcp', 'udp'] as const) {
      const vip = (n: number): string => (index === 0 ? `10.106.0.${n}` : `fd00:10:106::${n}`);
      const nodePort = (node: NodeName, n: number) => ({ host: addressesOf(node)[index]!, port: 30_000 + n });
      type To = { readonly host: string; readonly port: number };
      const to = (n: number): To => ({ host: vip(n), port: 80 });
      /** Distinct answers, sorted, as soon as they are those: rules take a moment, some endpoints are hit seldom. */
      const answers = async (from: NetnsAgent, at: To, wanted: readonly string[]): Promise<void> => {
        const seen = new Set<string>();
        await eventually(
          `${transport} ${at.host} ${at.port}: ${wanted.join()}`,
          async () => {
            const answer = await from.dial({ ...at, transport });
            if (!answer.startsWith('error')) seen.add(answer);
            return wanted.every((each) => [...seen].some((text) => isAnswer(text, each)));
          },
          10_000,
        ).catch((error: unknown) => assert.fail(`${String(error)}, but ${[...seen].join()}`));
        for (const text of seen)
          assert.ok(
            wanted.some((each) => isAnswer(text, each)),
            `${text} not among ${wanted.join()}`,
          );
      };
      const isDropped = async (from: NetnsAgent, at: To): Promise<void> =>
        assert.equal(await from.dial({ ...at, transport }), 'error ETIMEDOUT', `${at.host} ${at.port}`);
      const ip = (pod: 'a' | 'b' | 'c'): string => lab.pods[pod].ips[index]!;
      const program = (node: NodeName): NetnsAgent => programs.get(node)!;
      const hostIp = (): string => lab.config.hostAddresses[index]!;

      describe(`several nodes by ${backEnd}, IPv${index === 0 ? 4 : 6} ${transport}`, () => {
        it('a pod reaches pods of all nodes, and programs of nodes, seen as it is', async () => {
          await answers(lab.pods.b, to(10), [`a ${ip('b')}`, `c ${ip('b')}`]);
          await answers(lab.pods.b, to(11), [`node-1 ${ip('b')}`, `node-2 ${ip('b')}`]);
          await answers(lab.pods.c, to(11), [`node-1 ${ip('c')}`, `node-2 ${ip('c')}`]);
        });

        it('a program of a node reaches them too, also itself, from a node without any', async () => {
          for (const node of NODES) {
            await answers(program(node), to(10), ['a', 'c']);
            await answers(program(node), to(11), ['node-1', 'node-2']);
          }
        });

        it('node ports of a node lead everyone to all of them: its own programs, other nodes’, pods, the host', async () => {
          const clients = [program('node-1'), program('node-3'), lab.pods.a, lab.pods.c, lab.host];
          for (const from of clients)
            for (const node of NODES) {
              await answers(from, nodePort(node, 10), ['a', 'c']);
              await answers(from, nodePort(node, 11), ['node-1', 'node-2']);
            }
        });

        it('with internalTrafficPolicy Local only endpoints of the client’s node are reached', async () => {
          await answers(lab.pods.b, to(12), [`a ${ip('b')}`]);
          await answers(lab.pods.c, to(13), [`node-2 ${ip('c')}`]);
          await answers(program('node-1'), to(12), ['a']);
          await answers(program('node-2'), to(12), ['c']);
          for (const node of ['node-1', 'node-2'] as const) await answers(program(node), to(13), [node]);
          for (const n of [12, 13]) await isDropped(program('node-3'), to(n));
        });

        it('with externalTrafficPolicy Local the host meets the node’s endpoints, seen as it is, or none', async () => {
          await answers(lab.host, nodePort('node-1', 12), [`a ${hostIp()}`]);
          await answers(lab.host, nodePort('node-2', 12), [`c ${hostIp()}`]);
          for (const node of ['node-1', 'node-2'] as const)
            await answers(lab.host, nodePort(node, 13), [`${node} ${hostIp()}`]);
          for (const n of [12, 13]) await isDropped(lab.host, nodePort('node-3', n));
          await answers(program('node-3'), nodePort('node-3', 12), ['a', 'c']);
        });
      });
    }
};
